using System.Text.Json;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

public sealed class VerifyCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    [Fact]
    public async Task A_model_that_gives_its_recorded_outputs_agrees()
    {
        var path = _models.Add("relu", SmallModels.Relu());
        _models.Record("relu", [SmallModels.Input], [SmallModels.ReluOutput]);

        var result = await Invocation.Of("verify", path, "--json");

        Assert.Equal(0, result.ExitCode);
        var json = result.Json();
        Assert.Equal(path, json.GetProperty("model").GetString());
        Assert.Equal("agree", json.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Array, json.GetProperty("diagnostics").ValueKind);
        var outputs = json.GetProperty("outputs").EnumerateArray().ToList();
        Assert.Equal(["test_data_set_0", "onnxruntime"], outputs.Select(o => o.GetProperty("against").GetString()));
        Assert.All(outputs, o => Assert.Equal(0, o.GetProperty("maxAbs").GetDouble()));
        Assert.All(outputs, o => Assert.Equal(JsonValueKind.Null, o.GetProperty("maxQuanta").ValueKind));
    }

    [Fact]
    public async Task A_model_that_gives_something_else_differs()
    {
        var path = _models.Add("relu", SmallModels.Relu());
        _models.Record("relu", [SmallModels.Input], [SmallModels.WrongOutput]);

        var json = await Invocation.Of("verify", path, "--json");
        var text = await Invocation.Of("verify", path);

        Assert.Equal((1, 1), (json.ExitCode, text.ExitCode));
        Assert.Equal("differ", json.Json().GetProperty("status").GetString());
        Assert.Contains("element 2: expected 1, found 0", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_of_another_folder_are_taken_where_asked_for()
    {
        var path = _models.Add("relu", SmallModels.Relu());
        _models.Record("relu", [SmallModels.Input], [SmallModels.ReluOutput]);
        _models.Record("other", [SmallModels.Input], [SmallModels.WrongOutput]);

        Assert.Equal(1, (await Invocation.Of("verify", path, "--data", Path.Combine(_models.Root, "other"))).ExitCode);
        Assert.Equal(3, (await Invocation.Of("verify", path, "--data", Path.Combine(_models.Root, "nothing"))).ExitCode);
    }

    [Fact]
    public async Task A_range_of_sizes_is_compared_at_some_of_them_and_at_those_of_the_data()
    {
        var path = _models.Add("open", SmallModels.Relu("batch"));
        string[] random = ["random, batch=1", "random, batch=3", "random, batch=6"];

        Assert.Equal(random, await DataSets("batch=1..6"));

        _models.Record("open", [SmallModels.Input], [SmallModels.ReluOutput]);
        Assert.Equal(["test_data_set_0", "test_data_set_0", .. random], await DataSets("batch=1..6"));
        Assert.Equal(["random, batch=2", "random, batch=4", "random, batch=6"], await DataSets("batch=2..6"));

        async Task<IEnumerable<string?>> DataSets(string sizes)
        {
            var json = (await Invocation.Of("verify", path, "--json", "--dimensions", sizes)).Json();
            var outputs = json.GetProperty("outputs").EnumerateArray().ToList();
            Assert.All(outputs, o => Assert.True(o.GetProperty("agrees").GetBoolean()));
            return outputs.Select(o => o.GetProperty("dataSet").GetString());
        }
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("bench")]
    [InlineData("verify", "--layers")]
    public async Task What_looks_at_one_size_refuses_a_range(string command, params string[] more)
    {
        var path = _models.Add("open", SmallModels.Relu("batch"));

        var result = await Invocation.Of([command, path, "--dimensions", "batch=1..6", .. more]);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("give batch=6, for example", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_unsupported_operators_are_named_at_once()
    {
        var path = _models.Add("unsupported", SmallModels.Unsupported());

        var result = await Invocation.Of("verify", path, "--json");

        Assert.Equal(2, result.ExitCode);
        Assert.Equal("unsupported", result.Json().GetProperty("status").GetString());
        var messages = result
            .Json()
            .GetProperty("diagnostics")
            .EnumerateArray()
            .Select(d => d.GetProperty("message").GetString()!)
            .ToList();
        Assert.Equal(2, messages.Count);
        Assert.Contains(messages, m => m.Contains("Frobnicate", StringComparison.Ordinal));
        Assert.Contains(messages, m => m.Contains("Embiggen", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Missing_and_damaged_files_are_diagnosed()
    {
        var damaged = _models.Add("damaged", [1, 2, 3]);

        foreach (var path in new[] { damaged, Path.Combine(_models.Root, "nowhere.onnx") })
        {
            var result = await Invocation.Of("verify", path, "--json");
            Assert.Equal(2, result.ExitCode);
            Assert.Equal("unsupported", result.Json().GetProperty("status").GetString());
            Assert.Equal("MC0001", result.Json().GetProperty("diagnostics")[0].GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Recorded_shapes_bind_open_dimensions_and_explicit_ones_win()
    {
        var path = _models.Add("relu", SmallModels.Relu("batch"));
        _models.Record(
            "relu",
            [Tensor.Floats(new TensorShape(2, 4), 1, 2, 3, 4, -1, -2, -3, -4)],
            [Tensor.Floats(new TensorShape(2, 4), 1, 2, 3, 4, 0, 0, 0, 0)]
        );
        _models.Record("relu", [SmallModels.Input], [SmallModels.ReluOutput], set: 1);

        var recorded = await Invocation.Of("verify", path, "--json");
        var bound = await Invocation.Of("verify", path, "--json", "--dimensions", "batch=1");

        Assert.Equal((0, 0), (recorded.ExitCode, bound.ExitCode));
        Assert.Equal(4, recorded.Json().GetProperty("outputs").GetArrayLength());
        Assert.Equal(2, bound.Json().GetProperty("outputs").GetArrayLength());
        Assert.Contains("test_data_set_0 was not used", bound.Json().GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Layers_are_compared_in_order()
    {
        var path = _models.Add("layers", SmallModels.ReluNeg());

        var result = await Invocation.Of("verify", path, "--layers", "--json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            ["Relu", "Neg"],
            result.Json().GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("operator").GetString())
        );
    }

    [Fact]
    public void The_first_layer_that_differs_is_found()
    {
        var file = OnnxFile.Read(_models.Add("layers", SmallModels.ReluNeg()));

        // A compiler with a fault: it takes Neg for Abs.
        static CompiledModel Faulty(ModelSource source, CompileOptions options)
        {
            var model = Import.Onnx.Proto.ModelProto.Parser.ParseFrom(source.Bytes);
            model.Graph.Node.Single(n => n.OpType == "Neg").OpType = "Abs";
            return ModelCompilation.Compile(OnnxFile.Of(source.Path, model).Source, options);
        }

        var layers = LayerVerifier.Run(file, new CompileOptions { ClassName = "Faulty" }, [], Faulty);

        Assert.Equal("Neg", layers.First(l => !l.Comparison.Agrees).Operator);
        Assert.True(layers.Single(l => l.Operator == "Relu").Comparison.Agrees);
    }

    [Fact]
    public void A_fault_that_shows_only_where_layers_are_fused_is_found()
    {
        var file = OnnxFile.Read(_models.Add("layers", SmallModels.ReluNeg()));

        // A compiler that fuses wrongly: the fault is gone as soon as the value in between can be seen.
        static CompiledModel Faulty(ModelSource source, CompileOptions options)
        {
            var model = Import.Onnx.Proto.ModelProto.Parser.ParseFrom(source.Bytes);
            if (model.Graph.Output.Count == 1)
            {
                model.Graph.Node.Single(n => n.OpType == "Neg").OpType = "Abs";
            }

            return ModelCompilation.Compile(OnnxFile.Of(source.Path, model).Source, options);
        }

        var layers = LayerVerifier.Run(file, new CompileOptions { ClassName = "Faulty" }, [], Faulty);

        Assert.Equal("Neg", layers.First(l => !l.Comparison.Agrees).Operator);
    }

    [Fact]
    public async Task A_target_of_another_processor_is_refused()
    {
        var path = _models.Add("relu", SmallModels.Relu());
        var foreign = Target.All.First(t => !Processor.Supports(t));

        var result = await Invocation.Of("verify", path, "--target", foreign.Name);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains(foreign.Name, result.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => _models.Dispose();
}
