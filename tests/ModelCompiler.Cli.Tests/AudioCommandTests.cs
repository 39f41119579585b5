using System.Text.Json;
using ModelCompiler.Audio;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

/// <summary>Sounds as data, from training to the quantised model.</summary>
public sealed class AudioCommandTests : IDisposable
{
    private const string Features = "log-mel rate=8000 window=64 hop=64 bands=8 low=200 frames=8";
    private const int Rate = 8000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("modelc-audio-");

    [TorchFact]
    public async Task A_network_learns_from_sounds_and_its_file_says_what_features_it_takes()
    {
        var data = WriteTones();
        string[] names =
        [
            "--data",
            data,
            "--label-pattern",
            "^(?<label>[a-z]+)_",
            "--split-by",
            "_(?<group>[a-z]+)_",
            "--test-group",
            "cid",
        ];

        // Progress is written to standard error meanwhile.
        var trained = await Invocation.Of([
            "train",
            .. names,
            "--audio",
            Features,
            "-o",
            At("tones.onnx"),
            "--epochs",
            "20",
            "--batch",
            "4",
            "--validation",
            "0.5",
            "--threads",
            "1",
            "--json",
        ]);

        Assert.InRange(JsonDocument.Parse(trained.Output).RootElement.GetProperty("testAccuracy").GetDouble(), 0.9, 1);
        AssertTakes(Features, "tones.onnx");

        // The other commands know the features from the file.
        var quantised = await Invocation.Of([
            "quantize",
            At("tones.onnx"),
            "-o",
            At("tones-int8.onnx"),
            "--calibration",
            data,
            .. names[2..],
            "--validation",
            "0.5",
            "--json",
        ]);
        Assert.Equal(0, quantised.ExitCode);
        AssertTakes(Features, "tones-int8.onnx");
        var accuracy = (await Invocation.Of(["accuracy", At("tones-int8.onnx"), .. names, "--json"])).Json();
        Assert.Equal("measured", accuracy.GetProperty("status").GetString());

        var finetuned = await Invocation.Of([
            "finetune",
            At("tones.onnx"),
            .. names,
            "-o",
            At("finer.onnx"),
            "--epochs",
            "1",
            "--validation",
            "0.5",
            "--threads",
            "1",
        ]);
        Assert.Equal(0, finetuned.ExitCode);
        AssertTakes(Features, "finer.onnx");
    }

    [TorchTheory]
    [InlineData("", "nothing says what features of sound the network takes")]
    [InlineData("log-mel rate=8000 bands=many", "--audio: audio features 'log-mel rate=8000 bands=many': bands=many is no whole number")]
    [InlineData("log-mel rate=16000 frames=8", "has 8000 samples a second, the features are made of 16000")]
    public async Task Features_that_do_not_fit_are_refused_in_a_sentence(string audio, string sentence)
    {
        var data = WriteTones();
        string[] option = audio.Length > 0 ? ["--audio", audio] : [];
        var result = await Invocation.Of([
            "train",
            "--data",
            data,
            "--label-pattern",
            "^(?<label>[a-z]+)_",
            .. option,
            "-o",
            At("tones.onnx"),
            "--epochs",
            "1",
            "--json",
        ]);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains(sentence, result.Json().GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.False(File.Exists(At("tones.onnx")));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void AssertTakes(string features, string file)
    {
        var model = OnnxFile.Read(At(file));
        Assert.Equal(AudioFeatureOptions.Parse(features), AudioMetadata.Of(file, model.Proto!));
        using var oracle = new OnnxRuntimeOracle(model.Bytes);
        Assert.Single(oracle.InputNames);
    }

    /// <summary>High and low tones of three players, a little different each time.</summary>
    private string WriteTones()
    {
        var (folder, random) = (Directory.CreateDirectory(At("tones")).FullName, new Random(1));
        foreach (var (name, hertz) in new[] { ("low", 500), ("high", 2500) })
        {
            foreach (var player in new[] { "ann", "bob", "cid" })
            {
                for (var i = 0; i < 8; i++)
                {
                    var (pitch, length) = (hertz * (0.9 + (0.2 * random.NextDouble())), random.Next(300, 700));
                    var samples = Enumerable
                        .Range(0, length)
                        .Select(n => (short)((8000 * Math.Sin(2 * Math.PI * pitch * n / Rate)) + random.Next(-500, 500)));
                    File.WriteAllBytes(Path.Combine(folder, $"{name}_{player}_{i}.wav"), WavBytes.Of(Rate, [.. samples]));
                }
            }
        }

        return folder;
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
