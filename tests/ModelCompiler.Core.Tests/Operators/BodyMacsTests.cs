using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>What bodies compute is counted with the layer that runs them, so that budgets and reports hold for it.</summary>
public sealed class BodyMacsTests
{
    private const int Rows = 2;
    private const int Size = 4;
    private const long Product = Rows * Size * Size;

    [Theory]
    [InlineData(100L, false, 100)]
    [InlineData(100L, true, 100)]
    [InlineData(null, false, 1)]
    [InlineData(null, true, 1)]
    [InlineData((long)int.MaxValue, true, 1)]
    [InlineData(long.MaxValue, true, 1)]
    public void A_loop_counts_as_many_iterations_as_there_may_be(long? limit, bool hasCondition, long iterations)
    {
        var model = new OnnxModelBuilder();
        var trips = limit is { } known ? model.Constant(Tensor.Longs(known)) : model.Input("trips", ElementType.Int64);
        var product = Loop(model, trips, model.Input("x", ElementType.Float32, Rows, Size), hasCondition);
        Assert.Equal(iterations * Product, Macs(model.Output(product, ElementType.Float32)));
    }

    [Fact]
    public void Loops_in_loops_multiply()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, Rows, Size);
        var outer = Body("outer");
        outer
            .Output("goes_on", ElementType.Bool)
            .Output(Loop(outer, outer.Constant(Tensor.Longs(80)), "carried", false), ElementType.Float32);
        var result = model.Node("Loop", "", [model.Constant(Tensor.Longs(70)), null, x], [("body", outer)], 1)[0];
        Assert.Equal(70 * 80 * Product, Macs(model.Output(result, ElementType.Float32)));
    }

    [Fact]
    public void Of_branches_the_larger_one_counts()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, Rows, Size);
        var then = OnnxModelBuilder.Subgraph("then");
        then.Output(Times(then, x), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.Output(Times(otherwise, otherwise.Node("Relu", [Times(otherwise, x)])), ElementType.Float32);
        var condition = model.Input("condition", ElementType.Bool);
        var chosen = model.Node("If", [condition], ("then_branch", then), ("else_branch", otherwise));
        Assert.Equal(2 * Product, Macs(model.Output(chosen, ElementType.Float32)));
    }

    /// <summary>A loop that multiplies what it carries with a matrix, and goes on as long as the condition (or nobody) says.</summary>
    private static string Loop(OnnxModelBuilder model, string trips, string x, bool hasCondition)
    {
        var body = Body("body");
        var next = body.Node("Softmax", [Times(body, "carried")]);
        var largest = body.Node("ReduceMax", [next], ("keepdims", 0));
        var goesOn = hasCondition ? body.Node("Less", [largest, body.Constant([], 0.9f)]) : "goes_on";
        body.Output(goesOn, ElementType.Bool).Output(next, ElementType.Float32);
        return model.Node("Loop", "", [trips, null, x], [("body", body)], 1)[0];
    }

    private static OnnxModelBuilder Body(string name)
    {
        var body = OnnxModelBuilder.Subgraph(name);
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.Input("carried", ElementType.Float32, Rows, Size);
        return body;
    }

    private static string Times(OnnxModelBuilder body, string x) =>
        body.Node("MatMul", [x, body.Constant([Size, Size], [.. Enumerable.Range(0, Size * Size).Select(i => i / 16f)])]);

    /// <summary>Those of the model, which are those of its layers.</summary>
    private static long Macs(OnnxModelBuilder model)
    {
        var description = ModelCompilation.Plan(new ModelSource("test.onnx", model.ToBytes(), _ => null), new()).Description!;
        Assert.Equal(description.Macs, description.Layers.Max(l => l.Macs));
        return description.Macs;
    }
}
