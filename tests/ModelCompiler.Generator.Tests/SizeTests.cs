using ModelCompiler.Generator.Tests.Running;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Generator.Tests;

/// <summary>Classes for sizes that are known at run time only, named by the metadata Dimensions.</summary>
public sealed class SizeTests
{
    [Fact]
    public void The_length_of_the_input_says_how_many_items_there_are() =>
        Assert.Equal(
            new float[] { 0, 2, 3, 0, 0, 6, 7, 0, 0, 2 },
            Run<float[]>(
                Open("Relu", "batch", 2),
                "batch=1..3",
                """
                using var model = new App.Test();
                var y = new float[6];
                model.Predict(new float[] { -1, 2, 3, -4, -5, 6 }, y);
                return [.. y, .. model.Predict([7, -8]), .. model.Predict([-1, 2])];
                """
            )
        );

    [Fact]
    public void Each_length_has_its_program_and_its_output()
    {
        var (model, x) = Input("time", 2);
        model.Output(model.Node("ReduceSum", [x, model.Constant(Tensor.Longs(1))], ("keepdims", 0L)), ElementType.Float32);
        model.Output(model.Node("CumSum", [x, model.Constant(Tensor.Longs(0))]), ElementType.Float32);

        Assert.Equal(
            new float[] { 3, 7, 1, 2, 4, 6, 11, 5, 6 },
            Run<float[]>(
                model,
                "time=1..3",
                """
                using var model = new App.Test();
                var (sums, running) = model.Predict([1, 2, 3, 4]);
                var (sum, same) = model.Predict([5, 6]);
                return [.. sums, .. running, .. sum, .. same];
                """
            )
        );
    }

    [Fact]
    public void Sizes_that_lengths_do_not_tell_apart_are_parameters()
    {
        var (model, x) = Input("height", "width");
        model.Output(model.Node("Transpose", [x], ("perm", new long[] { 1, 0 })), ElementType.Float32);

        Assert.Equal(
            "0,3,1,4,2,5 0,2,4,1,3,5 width is 5; 1 to 4 are possible (Parameter 'width')",
            Run<string>(
                model,
                "height=1..4|width=1..4",
                """
                using var model = new App.Test();
                float[] x = [0, 1, 2, 3, 4, 5];
                var said = string.Join(',', model.Predict(height: 2, width: 3, x)) + " " + string.Join(',', model.Predict(3, 2, x)) + " ";
                try { model.Predict(1, 5, x); } catch (System.ArgumentOutOfRangeException e) { said += e.Message; }
                return said;
                """
            )
        );
    }

    [Fact]
    public void Two_inputs_say_a_size_each()
    {
        var model = new OnnxModelBuilder();
        var a = model.SymbolicInput("a", ElementType.Float32, "rows", 2);
        var b = model.SymbolicInput("b", ElementType.Float32, 2, "columns");
        model.Output(model.Node("MatMul", [a, b]), ElementType.Float32);

        Assert.Equal(
            new float[] { 11, 17, 23, 5, 11 },
            Run<float[]>(
                model,
                "columns=1..3|rows=1..4",
                """
                using var model = new App.Test();
                return [.. model.Predict([1, 2], [1, 3, 5, 5, 7, 9]), .. model.Predict([1, 2, 3, 4], [1, 2])];
                """
            )
        );
    }

    [Theory]
    [InlineData("new float[5], new float[5]", "x has 5 elements; shape [batch,2] is needed, batch 2 to 3 (Parameter 'x')")]
    [InlineData("new float[2], new float[2]", "x has 2 elements; shape [batch,2] is needed, batch 2 to 3 (Parameter 'x')")]
    [InlineData("new float[8], new float[8]", "x has 8 elements; shape [batch,2] is needed, batch 2 to 3 (Parameter 'x')")]
    [InlineData("new float[0], new float[0]", "x has 0 elements; shape [batch,2] is needed, batch 2 to 3 (Parameter 'x')")]
    [InlineData("new float[4], new float[6]", "y has 6 elements; 4 are needed, shape [batch,2] with batch 2 (Parameter 'y')")]
    [InlineData("both, both", "y overlaps x; they need memory of their own (Parameter 'y')")]
    public void Spans_that_do_not_go_together_are_refused(string arguments, string message) =>
        Assert.Equal(
            message,
            Run<string>(
                Open("Relu", "batch", 2),
                "batch=2..3",
                $$"""
                using var model = new App.Test();
                var both = new float[4];
                try { model.Predict({{arguments}}); } catch (System.ArgumentException e) { return e.Message; }
                return "nothing was thrown";
                """
            )
        );

    [Theory]
    [InlineData("new float[7], new float[7]", "x has 7 elements; shape [time,2] is needed, time 1 to 3 (Parameter 'x')")]
    [InlineData("new float[8], new float[8]", "x has 8 elements; shape [time,2] is needed, time 1 to 3 (Parameter 'x')")]
    [InlineData("new float[4], new float[2]", "y has 2 elements; 4 are needed, shape [time,2] with time 2 (Parameter 'y')")]
    public void So_are_spans_of_other_lengths_than_those_of_the_programs(string arguments, string message)
    {
        var (model, x) = Input("time", 2);
        Named(model, "y", "CumSum", x, model.Constant(Tensor.Longs(0)));

        Assert.Equal(
            message,
            Run<string>(
                model,
                "time=1..3",
                $$"""
                using var model = new App.Test();
                try { model.Predict({{arguments}}); } catch (System.ArgumentException e) { return e.Message; }
                return "nothing was thrown";
                """
            )
        );
    }

    [Fact]
    public void Raw_integers_go_in_and_come_out_for_each_item()
    {
        var (model, x) = Input("batch", 2);
        string[] grid = [model.Constant([], 0.5f), model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [3]))];
        var real = model.Node("Relu", [model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, .. grid]), .. grid])]);
        model.Output(model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [real, .. grid]), .. grid]), ElementType.Float32);

        Assert.Equal(
            new sbyte[] { 3, 5, 7, 3, 3, 4 },
            Run<sbyte[]>(
                model,
                "batch=1..4",
                """
                using var model = new App.Test();
                return [.. model.PredictQuantized(new sbyte[] { 1, 5, 7, -9 }), .. model.PredictQuantized(new sbyte[] { 0, 4 })];
                """
            )
        );
    }

    [Fact]
    public void Raw_integers_go_in_and_come_out_at_each_length()
    {
        var (model, x) = Input("time", 2);
        string[] grid = [model.Constant([], 0.5f), model.Constant(Tensor.FromBytes(new(ElementType.Int8, TensorShape.Scalar), [3]))];
        var real = model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, .. grid]), .. grid]);
        var twice = model.Node("Concat", [real, model.Node("Relu", [real])], ("axis", 0L));
        model.Output(model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [twice, .. grid]), .. grid]), ElementType.Float32);

        Assert.Equal(
            new sbyte[] { 1, 5, 3, 5, 0, 4, -9, 8, 7, 7, 3, 4, 3, 8, 7, 7 },
            Run<sbyte[]>(
                model,
                "time=1..40",
                """
                using var model = new App.Test();
                return [.. model.PredictQuantized(new sbyte[] { 1, 5 }), .. model.PredictQuantized(new sbyte[] { 0, 4, -9, 8, 7, 7 })];
                """
            )
        );
    }

    [Fact]
    public void State_goes_on_whatever_the_size()
    {
        var (model, x) = Input("time", 1);
        var total = model.Input("total", ElementType.Float32, 1);
        var sum = model.Node("Add", [total, model.Node("ReduceSum", [x, model.Constant(Tensor.Longs(0))], ("keepdims", 0L))]);
        model.Output(sum, ElementType.Float32);
        Named(model, "next", "Identity", sum);

        Assert.Equal(
            new float[] { 3, 10 },
            Run<float[]>(
                model,
                "time=1..3",
                "using var model = new App.Test(); return [.. model.Predict([1, 2]), .. model.Predict([7])];",
                ("State", "total:next")
            )
        );
    }

    [Fact]
    public void A_state_of_several_sizes_is_a_fault()
    {
        var (model, x) = Input("batch", 2);
        var h = model.SymbolicInput("h", ElementType.Float32, "batch", 2);
        Named(model, "next", "Add", x, h);
        using var project = new TestProject().Model("test.onnx", model, ("Dimensions", "batch=1..4"), ("State", "h:next"));

        var problem = project.Generate().Diagnostics.First();

        Assert.Equal("MC0009", problem.Id);
        Assert.Contains("the state 'h' is Float32[1..4,2], and has to have one size", problem.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Info_has_the_smallest_and_the_largest_shape() =>
        Assert.Equal(
            "x Single[2..5,3], 2,3 to 5,3, 15 elements",
            Run<string>(
                Open("Relu", "batch", 3),
                "batch=2..5",
                """
                var x = App.Test.Info.Inputs[0];
                return $"{x}, {string.Join(',', x.SmallestShape)} to {string.Join(',', x.Shape)}, {x.Length} elements";
                """
            )
        );

    [Fact]
    public void Names_of_inputs_and_symbols_may_be_anything()
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("program", ElementType.Float32, "items\"{0}\\", "class", 2);
        Named(model, "item", "Softmax", x);

        Assert.Equal(
            "program_2 has 3 elements; shape [items\"{0}\\,3,2] is needed, items\"{0}\\ 1 to 2 (Parameter 'program_2')",
            Run<string>(
                model,
                "items\"{0}\\=1..2|class=3",
                """
                using var model = new App.Test();
                try { model.Predict(new float[3], new float[12]); } catch (System.ArgumentException e) { return e.Message; }
                return "nothing was thrown";
                """
            )
        );
    }

    [Fact]
    public void Too_many_sizes_are_an_error_that_says_how_many()
    {
        var (model, x) = Input("time", 2);
        model.Output(model.Node("CumSum", [x, model.Constant(Tensor.Longs(0))]), ElementType.Float32);
        using var project = new TestProject().Model("test.onnx", model, ("Dimensions", "time=1..1000"));

        var problem = Assert.Single(project.Generate().Diagnostics);

        Assert.Equal("MC0014", problem.Id);
        Assert.Contains("time 1 to 1000 would be 1000 programs; up to 512 are possible", problem.GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_prediction_allocates_nothing() =>
        Assert.Equal(
            0,
            Run<long>(
                Open("Softmax", "batch", 3),
                "batch=1..8",
                """
                using var model = new App.Test();
                var (x, y) = (new float[24], new float[24]);
                model.Predict(x, y);
                var before = System.GC.GetAllocatedBytesForCurrentThread();
                for (var i = 1; i <= 8; i++) { model.Predict(x.AsSpan(0, i * 3), y.AsSpan(0, i * 3)); }
                return System.GC.GetAllocatedBytesForCurrentThread() - before;
                """
            )
        );

    private static (OnnxModelBuilder Model, string X) Input(params object[] shape)
    {
        var model = new OnnxModelBuilder(14);
        return (model, model.SymbolicInput("x", ElementType.Float32, shape));
    }

    private static OnnxModelBuilder Open(string op, params object[] shape)
    {
        var (model, x) = Input(shape);
        return Named(model, "y", op, x);
    }

    private static OnnxModelBuilder Named(OnnxModelBuilder model, string output, string op, params string[] inputs)
    {
        model.Node(op, inputs);
        model.Proto.Graph.Node[^1].Output[0] = output;
        return model.Output(output, ElementType.Float32);
    }

    private static T Run<T>(OnnxModelBuilder model, string dimensions, string body, params (string Name, string Value)[] metadata)
    {
        using var project = new TestProject().Model("test.onnx", model, [("Dimensions", dimensions), .. metadata]);
        var type = typeof(T).ToString().Replace("System.", "global::System.", StringComparison.Ordinal);
        var assembly = project.Build($"using System;\npublic static class P {{ public static {type} Main() {{ {body} }} }}");
        return assembly.GetType("P")!.GetMethod("Main")!.CreateDelegate<Func<T>>()();
    }
}
