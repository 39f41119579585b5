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
