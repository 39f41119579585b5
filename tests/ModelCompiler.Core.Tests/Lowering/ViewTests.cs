using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Lowering;

/// <summary>Values that share memory: what takes no code, and what must not be overwritten.</summary>
public sealed class ViewTests
{
    [Fact]
    public void Parts_of_the_outermost_dimension_take_no_code()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Exp", [model.Input("x", ElementType.Float32, 4, 3)]);
        var halves = model.Node("Split", "", [x], [("axis", 0)], 2);
        model.Output(model.Node("Add", [halves[0], halves[1]]), ElementType.Float32);
        model.Output(model.Node("Sub", [halves[1], Part(model, x, 1, 3)]), ElementType.Float32);
        Assert.Equal(["Exp", "Add", "Sub"], Operators(model));
        Differential.Check(model);
    }

    [Fact]
    public void Joining_along_the_outermost_dimension_takes_no_code()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2, 3);
        var (a, b) = (model.Node("Exp", [x]), model.Node("Neg", [x]));
        model.Output(model.Node("Concat", [a, b], ("axis", 1)), ElementType.Float32);
        Assert.Equal(["Exp", "Neg"], Operators(model));
        Differential.Check(model);
    }

    [Fact]
    public void What_cannot_be_written_in_place_is_copied_into_a_joined_tensor()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3);
        var a = model.Node("Exp", [x]);
        model.Output(a, ElementType.Float32);
        var b = model.Node("Neg", [a]);
        var inner = model.Node("Concat", [x, a, b, b, model.Constant([1, 3], 1, 2, 3)], ("axis", 0));
        var outer = model.Node("Concat", [inner, model.Node("Relu", [b])], ("axis", 0));
        model.Output(model.Node("Abs", [outer]), ElementType.Float32);
        model.Output(inner, ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void A_buffer_that_is_read_later_through_another_view_is_not_overwritten()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Exp", [model.Input("x", ElementType.Float32, 4, 3)]);
        var flat = model.Node("Reshape", [x, model.Constant(Tensor.Longs(12))]);
        var first = model.Node("Neg", [x]);
        var second = model.Node("Abs", [Part(model, x, 1, 3)]);
        var third = model.Node("Neg", [flat]);
        model.Output(model.Node("Sub", [first, model.Node("Sqrt", [x])]), ElementType.Float32);
        model.Output(model.Node("Neg", [second]), ElementType.Float32);
        model.Output(model.Node("Relu", [third]), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Overlapping_views_are_not_combined_in_place()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Exp", [model.Input("x", ElementType.Float32, 65, 3)]);
        var (low, high) = (Part(model, x, 0, 64), Part(model, x, 1, 65));
        var sum = model.Node("Sub", [high, low]);
        model.Output(model.Node("Neg", [sum]), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void An_output_that_is_read_again_keeps_its_value()
    {
        var model = new OnnxModelBuilder();
        var x = model.Node("Exp", [model.Input("x", ElementType.Float32, 2, 8)]);
        model.Output(x, ElementType.Float32);
        var y = model.Node("Neg", [model.Node("Neg", [x])]);
        model.Output(y, ElementType.Float32);
        model.Output(model.Node("Reshape", [x, model.Constant(Tensor.Longs(16))]), ElementType.Float32);
        model.Output(Part(model, x, 1, 2), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void A_chain_of_elementwise_operators_works_in_one_buffer()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 16, 64);
        var y = model.Node("Slice", [x, Longs(model, 1), Longs(model, 63), Longs(model, 1)]);
        var z = model.Node("MatMul", [model.Node("Abs", [model.Node("Exp", [y])]), model.Constant([62, 2], new float[124])]);
        model.Output(z, ElementType.Float32);
        var program = Program(model);
        Assert.Equal(16 * 62 * 4, program.ArenaBytes);
        Assert.Equal(program.LeastArenaBytes, program.ArenaBytes);
    }

    private static string Part(OnnxModelBuilder model, string value, int start, int end) =>
        model.Node("Slice", [value, model.Constant(Tensor.Longs(start)), model.Constant(Tensor.Longs(end))]);

    private static string Longs(OnnxModelBuilder model, long element) => model.Constant(Tensor.Longs(element));

    private static IEnumerable<string> Operators(OnnxModelBuilder model) =>
        Program(model).Steps.Select(s => s.Name.TrimEnd("0123456789".ToCharArray())).Select(n => char.ToUpperInvariant(n[0]) + n[1..]);

    private static KernelProgram Program(OnnxModelBuilder model)
    {
        var (program, problems) = ModelCompilation.Lower(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        return program ?? throw new InvalidOperationException(string.Join("\n", problems));
    }
}
