using System.Globalization;
using System.Text.RegularExpressions;
using ModelCompiler.Cli.Publishing;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests.Pages;

/// <summary>What <c>modelc report</c> writes and says, without a browser.</summary>
public sealed class ReportCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    private string Page => Path.Combine(_models.Root, "page.html");

    [Fact]
    public async Task Without_times_the_page_is_the_same_to_the_byte()
    {
        string[] arguments = ["report", _models.Add("residual", Residual()), _models.Add("matmul", SmallModels.MatMul()), "-o", Page];
        await Invocation.Of([.. arguments, "--seconds", "0"]);
        var first = File.ReadAllBytes(Page);
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = "," } };
            await Invocation.Of([.. arguments, "--seconds", "0"]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        Assert.Equal(first, File.ReadAllBytes(Page));
    }

    [Fact]
    public async Task The_object_of_json_says_what_the_page_says()
    {
        var path = _models.Add("matmul", SmallModels.MatMul());
        var json = (await Invocation.Of("report", path, path, "-o", Page, "--seconds", "0.02", "--json")).Json();

        Assert.Equal("written", json.GetProperty("status").GetString());
        Assert.Equal(2, json.GetProperty("models").GetArrayLength());
        var model = json.GetProperty("models")[0];
        Assert.Equal(32, model.GetProperty("macs").GetInt64());
        Assert.Equal(32, model.GetProperty("int8Bytes").GetInt64());
        Assert.Equal(128, model.GetProperty("float32Bytes").GetInt64());
        Assert.Equal(new FileInfo(path).Length, model.GetProperty("fileBytes").GetInt64());
        Assert.True(model.GetProperty("oursMs").GetDouble() > 0 && model.GetProperty("onnxruntimeMs").GetDouble() > 0);
        var page = File.ReadAllText(Page);
        Assert.Contains("model.onnx (2)", page, StringComparison.Ordinal);
        Assert.Contains("×1.000", page, StringComparison.Ordinal);
        Assert.DoesNotContain(_models.Root, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_graph_connects_each_layer_with_those_that_it_reads()
    {
        await Invocation.Of("report", _models.Add("residual", Residual()), "-o", Page, "--seconds", "0");

        var edges = Regex.Matches(File.ReadAllText(Page), "<title>([^<]+) → ([^<]+): Float32\\[[0-9,]+\\]</title>");
        Assert.Equal(
            ["add3 → add3_out0", "matmul1 → softmax2", "softmax2 → add3", "x → add3", "x → matmul1"],
            edges.Select(e => $"{e.Groups[1]} → {e.Groups[2]}").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Accuracy_is_measured_on_the_test_items()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Flatten", [model.Input("x", ElementType.Float32, 1, 1, 1, 8)]);
        model.Output(
            model.Node("MatMul", [x, model.Constant([8, 2], [.. Enumerable.Range(0, 16).Select(i => 1f - (i % 2))])]),
            ElementType.Float32
        );
        var data = Directory.CreateDirectory(Path.Combine(_models.Root, "data")).FullName;
        foreach (var (part, labels) in new[] { ("train", new byte[] { 0, 0 }), ("t10k", [0, 1, 0, 0]) })
        {
            byte[] pixels = [.. Enumerable.Repeat((byte)255, 8 * labels.Length)];
            byte[] images = [0, 0, 8, 3, 0, 0, 0, (byte)labels.Length, 0, 0, 0, 1, 0, 0, 0, 8, .. pixels];
            File.WriteAllBytes(Path.Combine(data, $"{part}-images-idx3-ubyte"), images);
            File.WriteAllBytes(Path.Combine(data, $"{part}-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, (byte)labels.Length, .. labels]);
        }

        var json = (
            await Invocation.Of("report", _models.Add("images", model), "-o", Page, "--seconds", "0", "--data", data, "--json")
        ).Json();

        Assert.Equal(0.75, json.GetProperty("models")[0].GetProperty("accuracy").GetDouble());
        Assert.Contains("data-figure=\"accuracy\" data-value=\"0.75\"", File.ReadAllText(Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_cannot_be_compiled_has_no_page()
    {
        string[] models = [_models.Add("relu", SmallModels.Relu()), _models.Add("unsupported", SmallModels.Unsupported())];
        var json = await Invocation.Of(["report", .. models, "-o", Page, "--json"]);
        var missing = await Invocation.Of("report", Path.Combine(_models.Root, "nothing.onnx"), "-o", Page);

        Assert.Equal((2, 2), (json.ExitCode, missing.ExitCode));
        Assert.Equal("unsupported", json.Json().GetProperty("status").GetString());
        Assert.Equal(2, json.Json().GetProperty("diagnostics").GetArrayLength());
        Assert.False(File.Exists(Page));
    }

    [Theory]
    [InlineData("{", "no JSON")]
    [InlineData("[]", "'front'")]
    [InlineData("""{"status":"error","error":"…"}""", "'front'")]
    [InlineData("""{"front":[],"baseline":{}}""", "elements of 'front'")]
    [InlineData("""{"front":[1],"baseline":{}}""", "'design' of 'baseline'")]
    [InlineData("""{"front":[{"design":"a","macs":-1}],"baseline":{"design":"b"}}""", "'macs' of 'baseline'")]
    public async Task A_file_that_no_search_has_written_is_named_with_what_is_wrong(string content, string expected)
    {
        var search = Path.Combine(_models.Root, "front.json");
        File.WriteAllText(search, content);
        var result = await Invocation.Of("report", _models.Add("relu", SmallModels.Relu()), "-o", Page, "--search", search);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("front.json is not the result of a search", result.Errors, StringComparison.Ordinal);
        Assert.Contains(expected, result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Page));
    }

    [Theory]
    [InlineData("between 0 and 3600", "--seconds", "-1")]
    [InlineData("--seconds 0", "--target", "arm64-dotprod")]
    [InlineData("one size", "--dimensions", "batch=1..2")]
    [InlineData(null, "--data", "nowhere")]
    public async Task What_cannot_be_reported_is_a_sentence(string? expected, params string[] arguments)
    {
        var result = await Invocation.Of(["report", _models.Add("relu", SmallModels.Relu("batch")), "-o", Page, .. arguments]);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("error:", result.Errors, StringComparison.Ordinal);
        Assert.Contains(expected ?? arguments[^1], result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", result.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Page));
    }

    [Fact]
    public void Tools_that_publishing_needs_are_named_where_they_are_missing()
    {
        Assert.Contains("clang", NativeProgram.Missing(""), StringComparison.Ordinal);
        Assert.Contains("dotnet", NativeProgram.Missing(_models.Root), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_models.Root, "dotnet"), "");
        File.WriteAllText(Path.Combine(_models.Root, "gcc"), "");
        Assert.Equal(OperatingSystem.IsLinux(), NativeProgram.Missing(_models.Root) is null);
    }

    [PublishFact]
    public async Task A_published_binary_grows_by_the_weights_and_the_code_of_the_model()
    {
        const int side = 400;
        var model = new OnnxModelBuilder();
        var weights = model.Constant([side, side], [.. Enumerable.Range(0, side * side).Select(i => (float)i)]);
        model.Output(model.Node("MatMul", [model.Input("x", ElementType.Float32, 1, side), weights]), ElementType.Float32);
        var result = await Invocation.Of("report", _models.Add("wide", model), "-o", Page, "--seconds", "0", "--published", "--json");

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        var json = result.Json().GetProperty("models")[0];
        var (growth, planned) = (json.GetProperty("publishedGrowthBytes").GetInt64(), json.GetProperty("weightBytes").GetInt64());
        Assert.InRange(planned, side * side * 4, (side * side * 4) + 4096);
        Assert.InRange(growth, planned, planned + 150_000);
        Assert.InRange(json.GetProperty("publishedBytes").GetInt64(), growth + 500_000, growth + 3_000_000);
        Assert.InRange(json.GetProperty("publishedLoadedGrowthBytes").GetInt64(), growth - (2 * 4096), growth + (2 * 4096));
        Assert.Contains("growth of the binary", File.ReadAllText(Page), StringComparison.Ordinal);
    }

    public void Dispose() => _models.Dispose();

    /// <summary>x + softmax(x · W).</summary>
    private static OnnxModelBuilder Residual()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4);
        var weights = model.Constant([4, 4], [.. Enumerable.Range(0, 16).Select(i => i / 4f)]);
        var inner = model.Node("Softmax", [model.Node("MatMul", [x, weights])]);
        return model.Output(model.Node("Add", [x, inner]), ElementType.Float32);
    }
}

/// <summary>A test that publishes a NativeAOT binary, skipped where the tools for that are missing.</summary>
public sealed class PublishFactAttribute : FactAttribute
{
    public PublishFactAttribute() => Skip = NativeProgram.Missing(Environment.GetEnvironmentVariable("PATH") ?? "");
}
