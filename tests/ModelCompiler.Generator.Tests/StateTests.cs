using ModelCompiler.Generator.Tests.Running;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Generator.Tests;

/// <summary>Recurrent state that instances keep between calls, named by the metadata State.</summary>
public sealed class StateTests
{
    private const string Pairs = "total:total_out|count:0:count:1";

    [Fact]
    public void State_is_kept_reset_saved_and_restored()
    {
        var result = Run<float[]>(
            """
            using var model = new App.Test();
            var results = new System.Collections.Generic.List<float>();
            results.AddRange(model.Predict([1, 2]));
            var saved = new byte[App.Test.StateBytes];
            model.SaveState(saved);
            results.AddRange(model.Predict([1, 2]));
            model.Reset();
            results.AddRange(model.Predict([5, 5]));
            using var other = new App.Test();
            other.RestoreState(saved);
            var y = new float[2];
            other.Predict(new float[] { 10, 10 }, y);
            results.AddRange(y);
            results.Add(App.Test.Info.StateBytes);
            results.Add(App.Test.Info.Inputs.Count);
            results.Add(App.Test.Info.Outputs.Count);
            return results.ToArray();
            """
        );

        // y = (total + x) · 2 + count, both kept; 8 bytes of total and 8 of count.
        Assert.Equal(new float[] { 2, 4, 5, 9, 10, 10, 23, 25, 16, 1, 1 }, result);
    }

    [Fact]
    public void A_saved_state_of_another_length_is_refused() =>
        Assert.StartsWith(
            "state has 3 bytes; 16 are needed",
            Run<string>(
                """
                using var model = new App.Test();
                try { model.RestoreState(new byte[3]); } catch (System.ArgumentException e) { return e.Message; }
                return "nothing was thrown";
                """
            ),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("total", "input:output of x, total, count:0 and y, total_out, count:1")]
    [InlineData("total:y2", "input:output of")]
    [InlineData("total:total_out|total:y", "in another pair")]
    [InlineData("count:0:y", "both have to be the same")]
    public void A_pair_that_does_not_fit_is_an_error_that_says_why(string pairs, string expected)
    {
        using var project = new TestProject().Model("test.onnx", Accumulator(), ("State", pairs));

        var problem = Assert.Single(project.Generate().Diagnostics);

        Assert.Equal("MC0009", problem.Id);
        Assert.Contains(expected, problem.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Quantised_entries_go_on_from_the_same_state()
    {
        var model = new OnnxModelBuilder();
        string[] grid = [model.Constant([], 0.5f), model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [0]))];
        var x = model.Node(
            "DequantizeLinear",
            [model.Node("QuantizeLinear", [model.Input("x", ElementType.Float32, 2), .. grid]), .. grid]
        );
        var h = model.Input("h", ElementType.Float32, 2);
        var sum = model.Node("Add", [x, h]);
        var next = model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [sum, .. grid]), .. grid]);
        model.Output(next, ElementType.Float32);
        model.Output(model.Node("Mul", [sum, model.Constant([], 2f)]), ElementType.Float32);

        Assert.Equal(
            new float[] { 2, 4, 4, 8, 6, 12 },
            Run<float[]>(
                """
                using var model = new App.Test();
                return [.. model.Predict([1, 2]), .. model.PredictQuantized(new sbyte[] { 2, 4 }), .. model.Predict([1, 2])];
                """,
                model,
                $"h:{next}"
            )
        );
    }

    [Fact]
    public void A_network_that_streams_gives_what_onnxruntime_gives_when_its_state_is_fed_back()
    {
        const int Steps = 6;
        const int Inputs = 5;
        const int Hidden = 7;
        var model = new OnnxModelBuilder(14);
        var random = new Random(1);
        var x = model.Input("x", ElementType.Float32, 1, 1, Inputs);
        var h = model.Input("h", ElementType.Float32, 1, 1, Hidden);
        var outputs = model.Node(
            "GRU",
            "",
            [
                x,
                model.Constant([1, 3 * Hidden, Inputs], Floats(3 * Hidden * Inputs)),
                model.Constant([1, 3 * Hidden, Hidden], Floats(3 * Hidden * Hidden)),
                null,
                null,
                h,
            ],
            [("hidden_size", (long)Hidden)],
            outputs: 2
        );
        model.Output(outputs[0], ElementType.Float32);
        model.Output(outputs[1], ElementType.Float32);
        var options = new CompileOptions { ClassName = "TestModel", State = (string[])[$"h:{outputs[1]}"] };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        using var oracle = new OnnxRuntimeOracle(model.ToBytes());

        var state = new NamedTensor("h", new TensorType(ElementType.Float32, new TensorShape(1, 1, Hidden)), new float[Hidden]);
        for (var step = 0; step < Steps; step++)
        {
            var frame = Floats(Inputs);
            var expected = oracle.Run(
                new NamedTensor("x", new TensorType(ElementType.Float32, new TensorShape(1, 1, Inputs)), frame),
                state
            );
            Differential.AssertEqual([expected[0]], network.Run([frame]), new Differential.Tolerance(), $"step {step}");
            state = state with { Elements = expected[1].Elements };
        }

        float[] Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    /// <summary>y = (total + x) · 2 + count, with total + x and count + 1 as the next total and count.</summary>
    private static OnnxModelBuilder Accumulator()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        var total = model.Input("total", ElementType.Float32, 2);
        var count = model.Input("count:0", ElementType.Int64, 1);
        var one = model.Constant(Tensor.From<long>(ElementType.Int64, new TensorShape(1), [1]));
        var sum = model.Node("Add", [total, x]);
        var doubled = model.Node("Mul", [sum, model.Constant([], 2f)]);
        model.Output(Renamed("Add", "y", doubled, model.Node("Cast", [count], ("to", 1L))), ElementType.Float32);
        model.Output(Renamed("Identity", "total_out", sum), ElementType.Float32);
        return model.Output(Renamed("Add", "count:1", count, one), ElementType.Int64);

        string Renamed(string op, string name, params string[] inputs)
        {
            model.Node(op, inputs);
            model.Proto.Graph.Node[^1].Output[0] = name;
            return name;
        }
    }

    private static T Run<T>(string body) => Run<T>(body, Accumulator(), Pairs);

    private static T Run<T>(string body, OnnxModelBuilder model, string pairs)
    {
        using var project = new TestProject().Model("test.onnx", model, ("State", pairs));
        var type = typeof(T).ToString().Replace("System.", "global::System.", StringComparison.Ordinal);
        var assembly = project.Build($"public static class P {{ public static {type} Main() {{ {body} }} }}");
        return assembly.GetType("P")!.GetMethod("Main")!.CreateDelegate<Func<T>>()();
    }
}
