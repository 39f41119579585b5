using System.Text.Json;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

public sealed class CompressionCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    private string Output => Path.Combine(_models.Root, "out.onnx");

    [Fact]
    public async Task Prune_takes_channels_out_and_says_what_that_saves()
    {
        var result = await Invocation.Of([
            "prune",
            _models.Add("layers", Layers()),
            "-o",
            Output,
            "--method",
            "channels",
            "--amount",
            "0.5",
            "--json",
        ]);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        var json = result.Json();
        Assert.Equal((160, 80), (Of(json, "before", "macs"), Of(json, "after", "macs")));
        Assert.True(Of(json, "after", "weightBytes") < Of(json, "before", "weightBytes"));
        Assert.Equal(JsonValueKind.Number, json.GetProperty("outputError").ValueKind);
        Assert.All(["before", "after"], s => Assert.InRange(json.GetProperty(s).GetProperty("milliseconds").GetDouble(), 1e-6, 1000));
        Assert.Equal(0, (await Invocation.Of("verify", Output, "--json")).ExitCode);
    }

    [Theory]
    [InlineData("prune", "--amount", "0.25", "--scope", "global")]
    [InlineData("prune", "--amount", "0.5", "--scope", "threshold")]
    [InlineData("prune", "--pattern", "2:4")]
    [InlineData("prune", "--pattern", "4x8", "--skip", "gemm2")]
    [InlineData("cluster", "--clusters", "4")]
    [InlineData("cluster", "--clusters", "3", "--per-channel", "--init", "linear", "--seed", "3")]
    public async Task Compressed_files_compile_and_agree_with_onnxruntime_and_are_the_same_every_time(params string[] arguments)
    {
        var path = _models.Add("layers", Layers());
        var result = await Invocation.Of([arguments[0], path, "-o", Output, "--no-time", .. arguments.Skip(1)]);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Contains("weights", result.Output, StringComparison.Ordinal);
        Assert.Contains("error of the outputs", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            arguments.Contains("--per-channel"),
            result.Output.Contains("Code books of single channels", StringComparison.Ordinal)
        );
        Assert.Equal(0, (await Invocation.Of("verify", Output, "--json")).ExitCode);
        var first = File.ReadAllBytes(Output);
        await Invocation.Of([arguments[0], path, "-o", Output, "--no-time", .. arguments.Skip(1)]);
        Assert.Equal(first, File.ReadAllBytes(Output));
    }

    [Theory]
    [InlineData(3, "prune", "--pattern", "4:2")]
    [InlineData(3, "prune", "--amount", "2")]
    [InlineData(3, "prune", "--amount", "1")]
    [InlineData(3, "prune", "--amount", "1000", "--scope", "threshold")]
    [InlineData(3, "prune", "--method", "channels", "--criterion", "batchnormalization")]
    [InlineData(3, "prune", "--criterion", "given")]
    [InlineData(3, "prune", "--criterion", "l2")]
    [InlineData(3, "prune", "--method", "blocks", "--criterion", "l1")]
    [InlineData(3, "prune", "--epochs", "2")]
    [InlineData(3, "prune", "--from", "0.1")]
    [InlineData(3, "prune", "--steps", "2", "--scope", "threshold")]
    [InlineData(3, "prune", "--steps", "2", "--pattern", "2:4")]
    [InlineData(3, "prune", "--steps", "2", "--max-drop", "0.1")]
    [InlineData(3, "prune", "--method", "blocks", "--steps", "2")]
    [InlineData(3, "prune", "--skip", "(")]
    [InlineData(3, "prune", "--skip", ".")]
    [InlineData(3, "prune", "--data", "nowhere")]
    [InlineData(3, "prune", "--method", "blocks")]
    [InlineData(3, "prune", "--max-drop", "-1")]
    [InlineData(3, "prune", "--max-drop", "0.1", "--pattern", "2:4")]
    [InlineData(3, "cluster", "--clusters", "1")]
    public async Task What_cannot_be_done_is_a_sentence_and_leaves_no_file(int exitCode, params string[] arguments)
    {
        var path = _models.Add("layers", Layers());
        var result = await Invocation.Of([arguments[0], path, "-o", Output, "--no-time", .. arguments.Skip(1)]);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains("error:", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Output));
    }

    [Theory]
    [InlineData("weights")]
    [InlineData("channels")]
    public async Task Layers_are_pruned_as_far_as_the_allowed_drop(string method)
    {
        string[] arguments = ["prune", _models.Add("layers", Layers()), "-o", Output, "--no-time", "--method", method, "--max-drop", "0.4"];
        var json = (await Invocation.Of([.. arguments, "--json"])).Json();

        Assert.InRange(json.GetProperty("outputError").GetDouble(), 0, 0.4);
        var sensitivity = json.GetProperty("sensitivity").EnumerateArray().ToList();
        Assert.Equal(json.GetProperty("layers").GetArrayLength(), sensitivity.Count);
        Assert.All(sensitivity, s => Assert.Equal(9, s.GetProperty("drops").GetArrayLength()));
        Assert.Contains("pruned alone", (await Invocation.Of(arguments)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_chosen_by_accuracy_is_chosen_by_the_training_images()
    {
        // Layers of 8 inputs that take images of 1×8: half of the test images, and all training images, are of the class that all get.
        var model = new OnnxModelBuilder();
        var x = model.Node("Flatten", [model.Input("x", ElementType.Float32, 1, 1, 1, 8)]);
        model.Output(
            model.Node("MatMul", [x, model.Constant([8, 2], [.. Enumerable.Range(0, 16).Select(i => 1f - (i % 2))])]),
            ElementType.Float32
        );
        var data = Directory.CreateDirectory(Path.Combine(_models.Root, "data")).FullName;
        WriteImages(data, "train", [0, 0, 0, 0]);
        WriteImages(data, "t10k", [0, 1]);
        string[] arguments =
        [
            "prune",
            _models.Add("images", model),
            "-o",
            Output,
            "--no-time",
            "--data",
            data,
            "--max-drop",
            "0",
            "--json",
        ];
        var json = (await Invocation.Of(arguments)).Json();

        Assert.Equal(0.5, json.GetProperty("before").GetProperty("accuracy").GetDouble());
        Assert.Equal(0.5, json.GetProperty("after").GetProperty("accuracy").GetDouble());
        // Without the training images there is nothing to choose by, while a given amount needs none.
        File.Delete(Path.Combine(data, "train-images-idx3-ubyte"));
        Assert.Contains("train-images", (await Invocation.Of(arguments)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Invocation.Of([.. arguments.Take(7), "--json"])).ExitCode);
    }

    private static void WriteImages(string folder, string part, byte[] labels)
    {
        byte count = (byte)labels.Length;
        byte[] pixels = [.. Enumerable.Repeat((byte)255, 8 * count)];
        File.WriteAllBytes(
            Path.Combine(folder, $"{part}-images-idx3-ubyte"),
            [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 8, .. pixels]
        );
        File.WriteAllBytes(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, count, .. labels]);
    }

    [Fact]
    public async Task Residual_blocks_are_removed()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Relu", [model.Input("x", ElementType.Float32, 1, 8)]);
        x = model.Node("Add", [x, model.Node("MatMul", [x, Weights(model, 8, 8)])]);
        model.Output(model.Node("MatMul", [x, Weights(model, 8, 2)]), ElementType.Float32);
        var json = (
            await Invocation.Of("prune", _models.Add("residual", model), "-o", Output, "--no-time", "--method", "blocks", "--json")
        ).Json();

        Assert.Equal((80, 16), (Of(json, "before", "macs"), Of(json, "after", "macs")));
    }

    [Fact]
    public async Task A_model_that_cannot_be_compiled_is_not_compressed()
    {
        var result = await Invocation.Of(
            "cluster",
            _models.Add("unsupported", SmallModels.Unsupported()),
            "-o",
            Output,
            "--no-time",
            "--json"
        );

        Assert.Equal(2, result.ExitCode);
        Assert.Equal(2, result.Json().GetProperty("diagnostics").GetArrayLength());
        Assert.False(File.Exists(Output));
    }

    [Fact]
    public async Task Recorded_inputs_are_what_the_error_is_measured_on()
    {
        var path = _models.Add("layers", Layers());
        _models.Record(
            "layers",
            [Tensor.Floats(new TensorShape(1, 8), new float[8])],
            [Tensor.Floats(new TensorShape(1, 4), new float[4])]
        );
        var result = await Invocation.Of("prune", path, "-o", Output, "--no-time", "--data", Path.GetDirectoryName(path)!, "--json");

        // Of an input of zeros nothing is lost.
        Assert.Equal(0, result.Json().GetProperty("outputError").GetDouble());
    }

    [Fact]
    public async Task Ensemble_makes_one_model_of_several()
    {
        var (first, second) = (_models.Add("first", Layers()), _models.Add("second", Layers()));
        var result = await Invocation.Of(
            "ensemble",
            first,
            second,
            "-o",
            Output,
            "--no-time",
            "--rule",
            "vote",
            "--weights",
            "1",
            "2",
            "--json"
        );

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Equal(320, result.Json().GetProperty("ensemble").GetProperty("macs").GetInt64());
        Assert.Equal(2, result.Json().GetProperty("models").GetArrayLength());
        Assert.Equal(0, (await Invocation.Of("verify", Output, "--json")).ExitCode);
        Assert.Equal(JsonValueKind.Null, result.Json().GetProperty("ensemble").GetProperty("milliseconds").ValueKind);
        var text = await Invocation.Of("ensemble", first, second, "-o", Output, "--no-time");
        Assert.Contains(Output, text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("time", text.Output, StringComparison.Ordinal);
        Assert.Equal(
            3,
            (await Invocation.Of("ensemble", first, _models.Add("other", SmallModels.MatMul()), "-o", Output, "--no-time")).ExitCode
        );
    }

    public void Dispose() => _models.Dispose();

    private static long Of(JsonElement json, string side, string key) => json.GetProperty(side).GetProperty(key).GetInt64();

    private static OnnxModelBuilder Layers()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 8);
        var hidden = model.Node("Relu", [model.Node("MatMul", [x, Weights(model, 8, 16)])]);
        return model.Output(model.Node("MatMul", [hidden, Weights(model, 16, 2)]), ElementType.Float32);
    }

    private static string Weights(OnnxModelBuilder model, params int[] shape)
    {
        var random = new Random(shape[0]);
        return model.Constant(shape, [.. Enumerable.Range(0, shape[0] * shape[1]).Select(_ => (random.NextSingle() * 2) - 1)]);
    }
}
