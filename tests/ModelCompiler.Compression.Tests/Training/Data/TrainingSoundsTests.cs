using Google.Protobuf;
using ModelCompiler.Audio;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Tests.Training.Architectures;
using ModelCompiler.Testing;
using ModelCompiler.Training.Data;

namespace ModelCompiler.Compression.Tests.Training.Data;

public sealed class TrainingSoundsTests : IDisposable
{
    private const string Text = "log-mel rate=8000 window=64 hop=32 bands=4 low=300 frames=5 range=50";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("training-sounds-");

    [TorchFact]
    public void A_sound_is_another_each_time_that_it_is_learnt_from_and_itself_where_it_is_measured()
    {
        short[] sound = [.. Enumerable.Range(0, 150).Select(i => (short)(9000 * Math.Sin(i * i / 50.0)))];
        File.WriteAllBytes(Path.Combine(_folder.CreateSubdirectory("a").FullName, "1.wav"), WavBytes.Of(8000, sound));
        var data = DataSet.Open(new DataSource(_folder.FullName) { Audio = AudioFeatureOptions.Parse(Text) }).Training;
        using var model = SmallNetworks.Open(SmallNetworks.Create("lenet-300-100", data.Shape).ToByteArray());
        var items = TrainingItems.Of(model, data);
        var own = new float[5 * 4];
        new AudioFeatures(AudioFeatureOptions.Parse(Text)).ComputeClip([.. sound.Select(s => s / 32768f)], own);

        var random = new Random(1);
        var (first, second) = (Features(random), Features(random));
        Assert.NotEqual(own, first);
        Assert.NotEqual(first, second);
        Assert.Equal(first, Features(new Random(1)));
        Assert.Equal(own, Features(null));

        float[] Features(Random? augmentation)
        {
            using var tensor = items.Inputs([0], augmentation)[0];
            return tensor.data<float>().ToArray();
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
