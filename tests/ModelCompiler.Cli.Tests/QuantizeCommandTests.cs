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

    [Theory]
    [InlineData("--ranges", "none")]
    [InlineData("--ranges", "percentile", "--percentile", "0")]
    [InlineData("--percentile", "101")]
    [InlineData("--weight-bits", "16")]
    [InlineData("--activation-bits", "4")]
    public async Task Options_that_mean_nothing_are_refused(params string[] arguments)
    {
        var path = Model();
        var result = await Invocation.Of(["quantize", path, "-o", Output, "--calibration", Path.GetDirectoryName(path)!, .. arguments]);

        Assert.Equal(3, result.ExitCode);
        Assert.False(File.Exists(Output));
    }

    public void Dispose() => _models.Dispose();

    private string Model()
    {
        var path = _models.Add("product", SmallModels.MatMul());
        float[] input = [.. Enumerable.Range(0, 8).Select(i => (i / 4f) - 0.6f)];
        _models.Record("product", [Tensor.Floats(new TensorShape(1, 8), input)], [Tensor.Floats(new TensorShape(1, 4), new float[4])]);
        return path;
    }
}
