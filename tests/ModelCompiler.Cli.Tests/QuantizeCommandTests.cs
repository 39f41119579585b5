using System.Text.Json;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

public sealed class QuantizeCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    private string Output => Path.Combine(_models.Root, "out.onnx");

    [Theory]
    [InlineData("--ranges", "average", "--signed")]
    [InlineData("--ranges", "percentile", "--percentile", "99")]
    [InlineData("--ranges", "entropy")]
    [InlineData("--ranges", "mse")]
    [InlineData("--weight-bits", "4")]
    [InlineData("--activation-bits", "16")]
    [InlineData("--rule", "truncate")]
    [InlineData("--weight-bits", "4", "--correct-bias")]
    [InlineData("--ranges", "moving-average", "--momentum", "0.9", "--weight-scales", "tensor", "--equalize")]
    [InlineData("--weight-scales", "tensor", "--asymmetric")]
    public async Task Quantised_files_compile_and_agree_with_onnxruntime(params string[] arguments)
    {
        var path = Model();
        var result = await Invocation.Of(["quantize", path, "-o", Output, "--calibration", Path.GetDirectoryName(path)!, .. arguments]);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Contains(arguments.Contains("--correct-bias") ? "1 Gemm" : "1 MatMul", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Invocation.Of("verify", Output, "--json")).ExitCode);
    }

    [Fact]
    public async Task Networks_of_4_bit_weights_are_verified_to_the_bit()
    {
        // Wide sums under a coarse scale: computed in float, as ONNX Runtime does with 4 bits, some of them round to other integers.
        var random = new Random(1);
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1024, 64);
        for (var layer = 0; layer < 4; layer++)
        {
            float[] weights = [.. Enumerable.Range(0, 64 * 64).Select(_ => random.NextSingle() - 0.5f)];
            x = model.Node("Relu", [model.Node("MatMul", [x, model.Constant([64, 64], weights)])]);
        }

        var path = _models.Add("deep", model.Output(x, ElementType.Float32));
        float[] input = [.. Enumerable.Range(0, 1024 * 64).Select(_ => random.NextSingle() - 0.5f)];
        _models.Record(
            "deep",
            [Tensor.Floats(new TensorShape(1024, 64), input)],
            [Tensor.Floats(new TensorShape(1024, 64), new float[1024 * 64])]
        );
        var quantised = await Invocation.Of(
            "quantize",
            path,
            "-o",
            Output,
            "--calibration",
            Path.GetDirectoryName(path)!,
            "--weight-bits",
            "4"
        );

        Assert.True(quantised.ExitCode == 0, quantised.Output + quantised.Errors);
        var verified = await Invocation.Of("verify", Output, "--layers", "--json");
        Assert.True(verified.ExitCode == 0, verified.Output);
    }

    [TorchFact]
    public async Task Rounding_is_learned_the_same_way_every_time()
    {
        var path = Model();
        string[] learned =
        [
            "--calibration",
            Path.GetDirectoryName(path)!,
            "--weight-bits",
            "4",
            "--rounding",
            "learned",
            "--rounding-steps",
            "50",
            "--rounding-samples",
            "4",
            "--seed",
            "2",
        ];
        var result = await Invocation.Of(["quantize", path, "-o", Output, .. learned]);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Equal(0, (await Invocation.Of("verify", Output, "--json")).ExitCode);
        var first = File.ReadAllBytes(Output);
        await Invocation.Of(["quantize", path, "-o", Output, .. learned]);
        Assert.Equal(first, File.ReadAllBytes(Output));
    }

    [Fact]
    public async Task The_report_says_what_the_model_costs_before_and_after()
    {
        var path = TwoLayers();
        string[] arguments = ["quantize", path, "-o", Output, "--calibration", Path.GetDirectoryName(path)!];
        var json = (await Invocation.Of([.. arguments, "--json"])).Json();
        var text = await Invocation.Of(arguments);

        Assert.True(Bytes(json, "after") < Bytes(json, "before") / 3);
        Assert.Equal(json.GetProperty("before").GetProperty("macs").GetInt64(), json.GetProperty("after").GetProperty("macs").GetInt64());
        Assert.InRange(json.GetProperty("outputError").GetDouble(), 0, 0.1);
        Assert.Equal(json.GetProperty("bytesAfter").GetInt64(), new FileInfo(Output).Length);
        Assert.All(["MAC", "weights", "arena", "file"], row => Assert.Contains(row, text.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_budget_gives_layers_4_bits_and_one_that_cannot_be_met_ends_with_5()
    {
        var path = TwoLayers();
        string[] arguments = ["quantize", path, "-o", Output, "--calibration", Path.GetDirectoryName(path)!, "--json"];
        var (wide, narrow) = (await Bits(), await Bits("--weight-bits", "4"));
        var budget = (Bytes(wide, "after") + Bytes(narrow, "after")) / 2;
        var mixed = await Bits("--max-weight-bytes", $"{budget}");

        Assert.InRange(Bytes(mixed, "after"), Bytes(narrow, "after"), budget);
        Assert.Equal(["4", "8"], BitsOf(mixed).Order());
        var second = narrow.GetProperty("layers")[1].GetProperty("layer").GetString();
        var kept = await Bits("--weight-bits", "4", "--keep-8", $"^{second}$");
        Assert.Equal(["4", "8"], BitsOf(kept));
        Assert.Equal(0, (await Invocation.Of("verify", Output, "--json")).ExitCode);

        File.Delete(Output);
        var failed = await Invocation.Of([.. arguments, "--max-weight-bytes", "10"]);
        Assert.Equal(5, failed.ExitCode);
        Assert.Contains($"{Bytes(narrow, "after")}, which is the least", failed.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Output));

        async Task<JsonElement> Bits(params string[] more) => (await Invocation.Of([.. arguments, .. more])).Json();

        static IEnumerable<string> BitsOf(JsonElement json) =>
            json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("bits").GetRawText());
    }

    [Theory]
    [InlineData("--ranges", "none")]
    [InlineData("--ranges", "percentile", "--percentile", "0")]
    [InlineData("--percentile", "101")]
    [InlineData("--weight-bits", "16")]
    [InlineData("--activation-bits", "4")]
    [InlineData("--momentum", "1")]
    [InlineData("--asymmetric")]
    [InlineData("--rounding", "up")]
    [InlineData("--rounding", "learned", "--rule", "truncate")]
    [InlineData("--rounding-steps", "0")]
    [InlineData("--keep-8", "product")]
    [InlineData("--weight-bits", "4", "--keep-8", "nobody")]
    [InlineData("--weight-bits", "4", "--keep-8", "(")]
    [InlineData("--weight-bits", "4", "--max-weight-bytes", "100")]
    public async Task Options_that_mean_nothing_are_refused(params string[] arguments)
    {
        var path = Model();
        var result = await Invocation.Of(["quantize", path, "-o", Output, "--calibration", Path.GetDirectoryName(path)!, .. arguments]);

        Assert.Equal(3, result.ExitCode);
        Assert.False(File.Exists(Output));
    }

    public void Dispose() => _models.Dispose();

    /// <summary>Two products, wide enough that the bits of their weights decide what they cost.</summary>
    private string TwoLayers()
    {
        var random = new Random(1);
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 64);
        for (var layer = 0; layer < 2; layer++)
        {
            float[] weights = [.. Enumerable.Range(0, 64 * 64).Select(_ => random.NextSingle() - 0.5f)];
            x = model.Node("MatMul", [x, model.Constant([64, 64], weights)]);
        }

        var path = _models.Add("layers", model.Output(x, ElementType.Float32));
        float[] input = [.. Enumerable.Range(0, 64).Select(_ => random.NextSingle() - 0.5f)];
        _models.Record("layers", [Tensor.Floats(new TensorShape(1, 64), input)], [Tensor.Floats(new TensorShape(1, 64), new float[64])]);
        return path;
    }

    private static long Bytes(JsonElement json, string side) => json.GetProperty(side).GetProperty("weightBytes").GetInt64();

    private string Model()
    {
        var path = _models.Add("product", SmallModels.MatMul());
        float[] input = [.. Enumerable.Range(0, 8).Select(i => (i / 4f) - 0.6f)];
        _models.Record("product", [Tensor.Floats(new TensorShape(1, 8), input)], [Tensor.Floats(new TensorShape(1, 4), new float[4])]);
        return path;
    }
}
