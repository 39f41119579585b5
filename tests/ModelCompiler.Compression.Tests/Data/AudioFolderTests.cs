using ModelCompiler.Audio;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class AudioFolderTests : IDisposable
{
    private const string Text = "log-mel rate=8000 window=64 hop=32 bands=4 low=300 frames=3";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sounds-");

    [Fact]
    public void Sounds_become_the_features_that_are_asked_for()
    {
        short[] sound = [.. Enumerable.Range(0, 200).Select(i => (short)(i * 100))];
        Write("a/1.wav", sound);
        var items = Open(Text).Training;
        var expected = new float[12];
        new AudioFeatures(AudioFeatureOptions.Parse(Text)).ComputeClip([.. sound.Select(s => s / 32768f)], expected);

        Assert.Equal(new TensorShape(1, 3, 4), items.Shape);
        Assert.Equal(expected, Elements(items, 1, 1, 3, 4));
        Assert.Equal(expected, Elements(items, 1, 12));
    }

    [Fact]
    public void Names_say_classes_and_speakers_of_whom_one_is_left_out()
    {
        foreach (var name in new[] { "7_ann_0", "7_bob_0", "3_ann_0", "3_bob_1" })
        {
            Write($"{name}.wav", new short[64]);
        }

        var set = DataSet.Open(
            Source(Text) with
            {
                LabelPattern = new(@"^(?<label>\d)_"),
                SplitBy = "_(?<group>[a-z]+)_",
                TestGroup = "bob",
            }
        );

        Assert.Equal(["3", "7"], set.Training.ClassNames);
        Assert.Equal([0L, 1], set.Training.Labels);
        Assert.Equal(["ann", "ann"], set.Training.Groups);
        Assert.Equal([0L, 1], set.Test!.Labels);
        Assert.Equal(AudioFeatureOptions.Parse(Text), set.Test.Audio);
    }

    [Fact]
    public void Without_frames_the_longest_sound_to_learn_from_says_their_number_and_the_model_later()
    {
        Write("train/a/1.wav", new short[64]);
        Write("train/a/2.wav", new short[64 + (4 * 32) + 31]);
        Write("test/a/3.wav", new short[1000]);
        var open = Text.Replace("frames=3", "frames=0");

        Assert.Equal(AudioFeatureOptions.Parse(open) with { Frames = 5 }, Open(open).Training.Audio);
        Assert.Equal(20, Elements(Open(open).Test!, 1, 1, 5, 4).Length);
    }

    [Fact]
    public void A_model_says_itself_what_features_it_takes()
    {
        Write("a/1.wav", new short[300]);
        var model = Model(Text);

        Assert.Equal(AudioFeatureOptions.Parse(Text), Open(null, model).Training.Audio);
        Assert.Equal(AudioFeatureOptions.Parse(Text), Open(Text.Replace("frames=3", ""), model).Training.Audio);
        Assert.Equal(AudioFeatureOptions.Parse(Text), Open(Text, Model(null)).Training.Audio);
        Refused(["model.onnx takes 'log-mel rate=8000", "hop=16"], () => Open(Text.Replace("hop=32", "hop=16"), model).Training);
        Refused(["nothing says what features of sound model.onnx takes", "--audio"], () => Open(null, Model(null)).Training);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_a_sentence()
    {
        Write("a/1.wav", new short[300]);
        Refused(["nothing says what features of sound the network takes", "--audio"], () => Open(null).Training);
        Refused(["[1,3,4]", "[1,1,4,3]"], () => Elements(Open(Text).Training, 1, 1, 4, 3));
        Refused(["of the 100 bands lie between two bins"], () => Open("log-mel rate=8000 window=64 bands=100").Training);
        Directory.CreateDirectory(At("b"));
        Refused(["the class 'b' has no WAV files"], () => Open(Text).Training);
        Directory.Delete(At("a"), recursive: true);
        File.WriteAllBytes(At("b/x.png"), [1]);
        Refused(["--audio is for a folder of WAV files", "is a folder of PNG"], () => Open(Text).Training);
    }

    [Fact]
    public void A_sound_of_another_rate_or_a_damaged_one_is_named()
    {
        Write("a/1.wav", new short[300], rate: 16000);
        var rate = Assert.Throws<InvalidDataException>(() => Elements(Open(Text).Training, 1, 1, 3, 4)).Message;
        Assert.Contains("1.wav has 16000 samples a second, the features are made of 8000", rate, StringComparison.Ordinal);
        File.WriteAllBytes(At("a/1.wav"), WavBytes.Of(8000, new short[300])[..100]);
        var damaged = Assert.Throws<InvalidDataException>(() => Open("log-mel rate=8000").Training.Shape).Message;
        Assert.Contains("1.wav: chunk 'data' claims 600 bytes, the file has 56 more", damaged, StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_get_the_sound_and_then_its_features_and_leave_the_sound_of_others_alone()
    {
        short[] sound = [.. Enumerable.Range(0, 200).Select(i => (short)(i * 100))];
        Write("a/1.wav", sound);
        var read = Open(Text).Training.For([Port(1, 1, 3, 4)]);
        var expected = new float[12];
        new AudioFeatures(AudioFeatureOptions.Parse(Text)).ComputeClip([.. sound.Select(s => s / 65536f)], expected);

        Assert.Equal(expected.Select(x => x + 1), (float[])read(0, new HalfAsLoudAndOneMore())[0].Elements);
        Assert.Equal(Elements(Open(Text).Training, 1, 1, 3, 4), (float[])read(0)[0].Elements);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private DataSet Open(string? audio, OnnxFile? model = null) => DataSet.Open(Source(audio) with { Model = model });

    private DataSource Source(string? audio) => new(_folder.FullName) { Audio = audio is null ? null : AudioFeatureOptions.Parse(audio) };

    private static OnnxFile Model(string? audio)
    {
        var model = new OnnxModelBuilder();
        model.Input("sound", ElementType.Float32, 1, 1, 3, 4);
        if (audio is not null)
        {
            AudioMetadata.Write(model.Proto, AudioFeatureOptions.Parse(audio));
        }

        return OnnxFile.Of("model.onnx", model.Proto);
    }

    private static float[] Elements(DataItems items, params int[] shape) => (float[])items.Samples([Port(shape)])[0][0].Elements;

    private static ModelPort Port(params int[] shape) => new("sound", new TensorType(ElementType.Float32, new TensorShape(shape)));

    private static void Refused(string[] parts, Func<object?> action)
    {
        var message = Assert.Throws<CompressionException>(action).Message;
        Assert.All(parts, p => Assert.Contains(p, message, StringComparison.Ordinal));
    }

    private void Write(string name, short[] samples, int rate = 8000)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllBytes(At(name), WavBytes.Of(rate, samples));
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private sealed class HalfAsLoudAndOneMore : IItemChange
    {
        public Pixels Of(Pixels image) => image;

        public WavFile Of(WavFile sound, AudioFeatureOptions features) => sound.WithSamples([.. sound.Samples.Select(s => s / 2)]);

        public void Change(Span<float> clip, AudioFeatureOptions features)
        {
            foreach (ref var feature in clip)
            {
                feature++;
            }
        }
    }
}
