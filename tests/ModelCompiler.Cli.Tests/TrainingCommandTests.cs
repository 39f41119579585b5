using System.Text.Json;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

public sealed class TrainingCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    [TorchFact]
    public async Task Train_writes_model_log_and_picture()
    {
        var data = TrainingData.WriteImages(At("data"));

        var result = await Invocation.Of([
            "train",
            "--data",
            data,
            "-o",
            At("trained.onnx"),
            "--epochs",
            "2",
            "--batch",
            "16",
            "--threads",
            "1",
            "--log",
            At("log.json"),
            "--plot",
            At("plot.png"),
            "--json",
        ]);

        Assert.Equal(0, result.ExitCode);
        var json = Json(result);
        Assert.InRange(json.GetProperty("testAccuracy").GetDouble(), 0, 1);
        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(At("trained.onnx")));
        Assert.Equal(["image"], oracle.InputNames);
        var log = JsonDocument.Parse(File.ReadAllText(At("log.json"))).RootElement;
        Assert.Equal(2, log.GetProperty("epochs").GetArrayLength());
        Assert.Equal("adamW", log.GetProperty("options").GetProperty("optimiser").GetProperty("kind").GetString());
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(At("plot.png"))[..4]);
    }

    [TorchFact]
    public async Task Train_teaches_an_autoencoder_its_input_and_a_map_its_places()
    {
        var (rows, maps) = (TrainingData.WriteItems(At("rows.npz")), TrainingData.WriteMaps(At("maps.npz")));

        var coded = Json(await Train("autoencoder", rows, "--bottleneck", "2", "--hidden", "16", "--layers", "1", "--epochs", "30"));
        var mapped = Json(await Train("u-net", maps, "--width", "0.5", "--layers", "1", "--epochs", "10"));
        var tested = Json(await Train("autoencoder", rows, "--bottleneck", "2", "--epochs", "1", "--test", rows));

        Assert.True(coded.GetProperty("validationLoss").GetDouble() < 0.1, $"{coded}");
        Assert.Equal(JsonValueKind.Null, coded.GetProperty("validationAccuracy").ValueKind);
        Assert.Equal(JsonValueKind.Null, coded.GetProperty("testLoss").ValueKind);
        Assert.True(mapped.GetProperty("validationAccuracy").GetDouble() > 0.8, $"{mapped}");
        Assert.Equal(JsonValueKind.Number, tested.GetProperty("testLoss").ValueKind);
        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(At("u-net.onnx")));
        Assert.Equal(["image"], oracle.InputNames);

        async Task<Invocation> Train(string architecture, string data, params string[] more)
        {
            var result = await Invocation.Of([
                "train",
                "--architecture",
                architecture,
                "--data",
                data,
                "-o",
                At($"{architecture}.onnx"),
                "--batch",
                "8",
                "--learning-rate",
                "0.02",
                "--threads",
                "1",
                "--validation",
                "0.25",
                "--json",
                .. more,
            ]);
            Assert.True(result.ExitCode == 0, result.Output);
            return result;
        }
    }

    [TorchFact]
    public async Task Train_says_in_a_sentence_what_is_wrong()
    {
        var (rows, arrays) = (TrainingData.WriteItems(At("rows.npz")), TrainingData.WriteArrays(At("data.npz")));
        var images = TrainingData.WriteImages(At("images"));

        await Fails("--hidden means nothing to ds-cnn, which takes --width", "ds-cnn", images, "--hidden", "3");
        await Fails("ds-cnn takes images, [channels, height, width] or [height, width]; an item of the data is [4]", "ds-cnn", arrays);
        await Fails("of 16×16 pixels and more; an item of the data is [1,8,8]", "lenet-5", images);
        await Fails("--targets is for autoencoders; gru learns the targets of the data", "gru", images, "--targets", "input");
        await Fails("nothing says the class of an item, or what else the network is to give", "lenet-300-100", rows);
        await Fails("cross-entropy needs the class at each place, as an integer", "autoencoder", images, "--loss", "cross-entropy");
        await Fails("cross-entropy needs a class for each place", "u-net", images);
        await Fails("is not there; data may be", "ds-cnn", At("nothing"));
        await Fails("'nothing'", "nothing", images);

        async Task Fails(string part, string architecture, string data, params string[] more)
        {
            var result = await Invocation.Of(["train", "--architecture", architecture, "--data", data, "-o", At("never.onnx"), .. more]);

            Assert.Contains(part, result.Errors, StringComparison.Ordinal);
            Assert.Equal(3, result.ExitCode);
            Assert.False(File.Exists(At("never.onnx")));
        }
    }

    [TorchFact]
    public async Task Finetune_improves_a_model_and_shows_before_and_after()
    {
        var model = _models.Add("dense", TrainingModels.Dense());
        var data = TrainingData.WriteArrays(At("data.npz"));
        string[] arguments = ["finetune", model, "--data", data, "-o", At("better.onnx"), .. TrainingModels.Options(epochs: 10)];

        var text = await Invocation.Of([.. arguments, "--no-time"]);
        var json = Json(await Invocation.Of([.. arguments, "--json"]));

        Assert.Equal(0, text.ExitCode);
        Assert.Contains("accuracy", text.Output, StringComparison.Ordinal);
        var (before, after) = (json.GetProperty("before"), json.GetProperty("after"));
        Assert.True(after.GetProperty("loss").GetDouble() < before.GetProperty("loss").GetDouble());
        Assert.True(after.GetProperty("accuracy").GetDouble() >= 0.8);
        Assert.Equal(8, after.GetProperty("macs").GetInt64());
        Assert.Equal(JsonValueKind.Number, after.GetProperty("arenaBytes").ValueKind);
        Assert.Equal(JsonValueKind.Number, after.GetProperty("milliseconds").ValueKind);
        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(At("better.onnx")));
    }

    [TorchTheory]
    [InlineData("test", 24)]
    [InlineData("validation", 8)]
    public async Task Finetune_measures_on_the_part_that_is_asked_for(string part, int items)
    {
        var builder = new OnnxModelBuilder();
        var pixels = builder.Node("Flatten", [builder.Input("image", ElementType.Float32, 1, 1, 8, 8)]);
        builder.Output(builder.Node("MatMul", [pixels, builder.Constant(RandomTensors.Floats(1, 64, 3))]), ElementType.Float32);
        var data = TrainingData.WriteImages(At("data"));

        var json = Json(
            await Invocation.Of([
                "finetune",
                _models.Add("flat", builder),
                "--data",
                data,
                "-o",
                At("out.onnx"),
                "--epochs",
                "1",
                "--part",
                part,
                "--json",
            ])
        );

        Assert.Equal(part, json.GetProperty("measuredOn").GetString());
        Assert.Equal(items, json.GetProperty("measuredItems").GetInt32());
    }

    [TorchFact]
    public async Task Finetune_resumes_from_a_checkpoint()
    {
        var model = _models.Add("dense", TrainingModels.Dense());
        var data = TrainingData.WriteArrays(At("data.npz"));

        await Run("whole.onnx", "4");
        await Run("half.onnx", "4", "--checkpoint", At("checkpoint"), "--patience", "1", "--optimizer", "adam");
        var resumed = await Run("resumed.onnx", "5", "--checkpoint", At("checkpoint"), "--resume", "--optimizer", "adam");
        var other = await Run("other.onnx", "4", "--checkpoint", At("checkpoint"), "--resume", "--seed", "9");

        Assert.Equal(0, resumed.ExitCode);
        Assert.Equal(3, other.ExitCode);
        Assert.Contains("another training", other.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(At("other.onnx")));

        Task<Invocation> Run(string output, string epochs, params string[] more) =>
            Invocation.Of([
                "finetune",
                model,
                "--data",
                data,
                "-o",
                At(output),
                "--epochs",
                epochs,
                "--batch",
                "8",
                "--schedule",
                "constant",
                "--no-time",
                .. more,
            ]);
    }

    [TorchTheory]
    [InlineData("finetune")]
    [InlineData("distill")]
    public async Task Commands_that_train_keep_what_they_are_told_to_keep(string command)
    {
        var builder = TrainingModels.Dense();
        var weights = builder.Proto.Graph.Initializer.Single(i => i.Name == "w");
        weights.RawData = Google.Protobuf.ByteString.CopyFrom([
            .. new float[] { 0, 1, 0.5f, 0, 0.5f, 0, 0, 1 }.SelectMany(BitConverter.GetBytes),
        ]);
        var model = _models.Add("pruned", builder);
        var data = TrainingData.WriteArrays(At("data.npz"));
        string[] teacher = command == "distill" ? ["--teacher", _models.Add("teacher", TrainingModels.Dense())] : [];

        await Run("zeros.onnx", "--keep-zeros", "--freeze", "b*");
        await Run("clusters.onnx", "--keep-clusters");

        var (zeros, clusters) = (Weights("zeros.onnx", "w"), Weights("clusters.onnx", "w"));
        Assert.Equal([true, false, false, true, false, true, true, false], zeros.Select(v => v == 0));
        Assert.Equal([0, 0], Weights("zeros.onnx", "b"));
        Assert.NotEqual([0, 0], Weights("clusters.onnx", "b"));
        Assert.Equal(3, clusters.Distinct().Count());
        Assert.Equal((0f, clusters[1], clusters[2]), (clusters[0], clusters[7], clusters[4]));

        async Task Run(string output, params string[] more) =>
            Assert.Equal(
                0,
                (
                    await Invocation.Of([
                        command,
                        model,
                        .. teacher,
                        "--data",
                        data,
                        "-o",
                        At(output),
                        "--epochs",
                        "2",
                        "--batch",
                        "8",
                        "--learning-rate",
                        "0.05",
                        "--no-time",
                        .. more,
                    ])
                ).ExitCode
            );

        float[] Weights(string file, string name) =>
            [
                .. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(
                    ModelProto.Parser.ParseFrom(File.ReadAllBytes(At(file))).Graph.Initializer.Single(i => i.Name == name).RawData.Span
                ),
            ];
    }

    [TorchFact]
    public async Task Finetune_says_in_a_sentence_what_is_wrong()
    {
        var data = TrainingData.WriteArrays(At("data.npz"));
        var dense = _models.Add("dense", TrainingModels.Dense());

        await AssertFails(4, "(Det)", _models.Add("det", TrainingModels.Det()), data);
        await AssertFails(3, "no parameter is named 'x*'", dense, data, "--freeze", "x*");
        await AssertFails(3, "no weight that is trained is 0", dense, data, "--keep-zeros");
        await AssertFails(3, "' is not there; data may be", dense, At("nothing"));
        await AssertFails(3, "takes images of 2×2×1, but those of", dense, TrainingData.WriteImages(At("images")));
        await AssertFails(3, "needs the --checkpoint", dense, data, "--resume");
        await AssertFails(3, "--learning-rate", dense, data, "--learning-rate", "NaN");
        await AssertFails(3, "--validation", dense, data, "--validation", "1");
    }

    public void Dispose() => _models.Dispose();

    private string At(string name) => Path.Combine(_models.Root, name);

    private async Task AssertFails(int exitCode, string part, string model, string data, params string[] more)
    {
        var result = await Invocation.Of(["finetune", model, "--data", data, "-o", At("never.onnx"), .. more]);

        Assert.Contains(part, result.Errors, StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.False(File.Exists(At("never.onnx")));
    }

    /// <summary>Standard output; what training says meanwhile goes to standard error.</summary>
    private static JsonElement Json(Invocation result) => JsonDocument.Parse(result.Output).RootElement;
}
