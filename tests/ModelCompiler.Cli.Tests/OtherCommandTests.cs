using System.Text.Json;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

public sealed class OtherCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    [Fact]
    public async Task Inspect_gives_the_facts_of_the_model_and_of_each_layer()
    {
        var result = await Invocation.Of("inspect", _models.Add("matmul", SmallModels.MatMul()), "--json");

        Assert.Equal(0, result.ExitCode);
        var json = result.Json();
        Assert.Equal("supported", json.GetProperty("status").GetString());
        Assert.Equal(32, json.GetProperty("macs").GetInt64());
        Assert.True(json.GetProperty("weightBytes").GetInt64() >= 128);
        Assert.True(json.GetProperty("arenaBytes").GetInt64() >= 0);
        Assert.Equal("MatMul", json.GetProperty("operators")[0].GetProperty("name").GetString());
        Assert.Equal([1, 8], json.GetProperty("inputs")[0].GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
        Assert.Equal(32, json.GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty("macs").GetInt64()));
        Assert.Equal(4 * 32, json.GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty("float32Bytes").GetInt64()));
        Assert.Equal(32, json.GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty("int8Bytes").GetInt64()));
    }

    [Fact]
    public async Task Inspect_says_what_the_smallest_weights_take_beside_the_plain_ones()
    {
        var path = _models.Add("lenet", PrunedNetworks.LeNet300(density: 0.07, clusters: 32).ToBytes());

        var fastest = await Invocation.Of("inspect", path, "--json");
        var smallest = await Invocation.Of("inspect", path, "--weights", "smallest", "--json");
        var text = await Invocation.Of("inspect", path, "--weights", "smallest");

        Assert.Equal((0, 0, 0), (fastest.ExitCode, smallest.ExitCode, text.ExitCode));
        var (baked, plain) = (Sum(smallest, "weightBytes"), Sum(smallest, "float32Bytes"));
        Assert.Equal(PrunedNetworks.LeNet300Parameters * 4, plain);
        Assert.InRange(plain / (double)baked, 40, 70);
        Assert.InRange(Sum(fastest, "weightBytes"), 8 * baked, plain);
        Assert.Contains("times smaller than float32", text.Output, StringComparison.Ordinal);

        static long Sum(Invocation result, string key) =>
            result.Json().GetProperty("layers").EnumerateArray().Sum(l => l.GetProperty(key).GetInt64());
    }

    [Fact]
    public async Task Inspect_names_everything_that_is_not_supported()
    {
        var path = _models.Add("unsupported", SmallModels.Unsupported());

        var json = await Invocation.Of("inspect", path, "--json");
        var text = await Invocation.Of("inspect", path);

        Assert.Equal((2, 2), (json.ExitCode, text.ExitCode));
        var supported = json.Json()
            .GetProperty("operators")
            .EnumerateArray()
            .ToDictionary(o => o.GetProperty("name").GetString()!, o => o.GetProperty("supported").GetBoolean());
        Assert.Equal([("Embiggen", false), ("Frobnicate", false), ("Relu", true)], supported.Select(p => (p.Key, p.Value)).Order());
        Assert.Contains("Frobnicate", text.Output, StringComparison.Ordinal);
        Assert.Contains("Embiggen", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emit_writes_whole_files_and_nothing_else()
    {
        var folder = Path.Combine(_models.Root, "out");

        var result = await Invocation.Of(
            "emit",
            _models.Add("relu", SmallModels.Relu()),
            "-o",
            folder,
            "--class",
            "Positive",
            "--namespace",
            "App.Models",
            "--json"
        );

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            ["Positive.Kernels.g.cs", "Positive.g.cs"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Equal(2, result.Json().GetProperty("files").GetArrayLength());
        Assert.Contains("namespace App.Models", File.ReadAllText(Path.Combine(folder, "Positive.g.cs")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Emit_writes_a_class_that_keeps_the_named_state()
    {
        var (model, folder) = (SmallModels.Total(), Path.Combine(_models.Root, "out"));
        string[] outputs = [.. model.Proto.Graph.Output.Select(o => o.Name)];
        string[] arguments = ["-o", folder, "--class", "Total", "--state", $"total:{outputs[0]}", "--json"];

        var result = await Invocation.Of(["emit", _models.Add("total", model), .. arguments]);

        Assert.Equal(0, result.ExitCode);
        var surface = File.ReadAllText(Path.Combine(folder, "Total.g.cs"));
        Assert.Contains("public const int StateBytes = 16;", surface, StringComparison.Ordinal);
        Assert.Contains("public void Predict(ReadOnlySpan<float> x, Span<float> neg", surface, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("total")]
    [InlineData("total:nothing")]
    public async Task Emit_names_a_state_that_the_model_does_not_have(string pair)
    {
        var folder = Path.Combine(_models.Root, "out");

        var result = await Invocation.Of(["emit", _models.Add("total", SmallModels.Total()), "-o", folder, "--state", pair, "--json"]);

        Assert.Equal(2, result.ExitCode);
        var problem = Assert.Single(result.Json().GetProperty("diagnostics").EnumerateArray());
        Assert.Contains(pair, problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Emit_leaves_no_file_of_a_model_that_it_cannot_compile()
    {
        var folder = Path.Combine(_models.Root, "out");

        var result = await Invocation.Of("emit", _models.Add("unsupported", SmallModels.Unsupported()), "-o", folder, "--json");

        Assert.Equal(2, result.ExitCode);
        Assert.Equal(0, result.Json().GetProperty("files").GetArrayLength());
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task Bench_measures_both_sides_and_every_layer()
    {
        var result = await Invocation.Of("bench", _models.Add("matmul", SmallModels.MatMul()), "--seconds", "0.05", "--layers", "--json");

        Assert.Equal(0, result.ExitCode);
        var json = result.Json();
        var (ours, theirs) = (json.GetProperty("oursMs").GetDouble(), json.GetProperty("onnxruntimeMs").GetDouble());
        Assert.True(ours > 0 && theirs > 0);
        Assert.Equal(theirs / ours, json.GetProperty("ratio").GetDouble(), 6);
        Assert.Equal(32, json.GetProperty("macs").GetInt64());
        foreach (var key in new[] { "gmacPerSecond", "peakFraction", "arenaBytes", "weightBytes" })
        {
            Assert.Equal(JsonValueKind.Number, json.GetProperty(key).ValueKind);
        }

        Assert.NotEqual(0, json.GetProperty("layers").GetArrayLength());
    }

    [Fact]
    public async Task Bench_of_an_unsupported_model_says_why()
    {
        var result = await Invocation.Of("bench", _models.Add("unsupported", SmallModels.Unsupported()), "--json");

        Assert.Equal(2, result.ExitCode);
        Assert.Equal(2, result.Json().GetProperty("diagnostics").GetArrayLength());
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("inspect")]
    [InlineData("inspect", "model.onnx", "--target", "pdp-11")]
    [InlineData("inspect", "model.onnx", "--dimensions", "batch")]
    [InlineData("emit", "model.onnx", "-o", "folder", "--dimensions", "batch=3..2")]
    [InlineData("emit", "model.onnx", "-o", "folder", "--dimensions", "batch=1..2,batch=3")]
    [InlineData("emit", "model.onnx")]
    public async Task A_wrong_command_line_is_explained(params string[] arguments)
    {
        var text = await Invocation.Of(arguments);
        var json = await Invocation.Of([.. arguments, "--json"]);

        Assert.Equal((3, 3), (text.ExitCode, json.ExitCode));
        Assert.NotEqual("", text.Errors);
        Assert.Equal("error", json.Json().GetProperty("status").GetString());
        Assert.NotEqual("", json.Json().GetProperty("error").GetString());
    }

    public void Dispose() => _models.Dispose();
}
