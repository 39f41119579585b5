using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class ReduceTests
{
    private static readonly string[] Functions =
    [
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceSum",
        "ReduceL1",
        "ReduceL2",
        "ReduceSumSquare",
        "ReduceLogSumExp",
    ];

    [Fact]
    public void Reductions_over_any_axes_equal_onnxruntime_on_every_target() =>
        Gen.Select(Gen.Int[1, 21].Array[1, 4], Gen.Int[1, 15], Gen.Bool)
            .Sample(
                (shape, mask, keep) =>
                {
                    int[] axes = [.. Enumerable.Range(0, shape.Length).Where(a => ((mask >> a) & 1) == 1)];
                    var model = new OnnxModelBuilder(18);
                    var x = model.Input("x", ElementType.Float32, shape);
                    var given = model.Constant(Tensor.Longs([.. axes.Select(a => (long)a - shape.Length)]));
                    foreach (var op in Functions)
                    {
                        model.Output(model.Node(op, [x, given], ("keepdims", keep ? 1 : 0)), ElementType.Float32);
                    }

                    Differential.Check(model, mask);
                },
                iter: 4
            );

    [Fact]
    public void Axes_as_attribute_and_other_element_types_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(12);
        var x = model.Input("x", ElementType.Float32, 3, 17, 5);
        var i = model.Input("i", ElementType.Int32, 3, 17, 5);
        var b = model.Input("b", ElementType.UInt8, 3, 5, 17);
        foreach (var op in new[] { "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd" })
        {
            model.Output(model.Node(op, [i], ("axes", new[] { 1 })), ElementType.Int32);
            model.Output(model.Node(op, [x], ("axes", new[] { 0, 2 })), ElementType.Float32);
        }

        model.Output(model.Node("ReduceMax", [b], ("axes", new[] { -1 })), ElementType.UInt8);
        model.Output(model.Node("ReduceSum", [x]), ElementType.Float32);
        var small = Enumerable.Range(0, 3 * 17 * 5).Select(n => (n % 5) - 2).ToArray();
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["i"] = small });
    }

    [Fact]
    public void Indices_of_extremes_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.UInt8, 4, 19, 3);
        var y = model.Input("y", ElementType.Float32, 2, 10);
        model.Output(model.Node("ArgMax", [x], ("axis", 1)), ElementType.Int64);
        model.Output(model.Node("ArgMax", [x], ("axis", 1), ("select_last_index", 1)), ElementType.Int64);
        model.Output(model.Node("ArgMin", [x], ("axis", -1), ("keepdims", 0)), ElementType.Int64);
        model.Output(model.Node("ArgMax", [y], ("axis", -1), ("keepdims", 0)), ElementType.Int64);
        var ties = Enumerable.Range(0, 4 * 19 * 3).Select(i => (byte)(i * 7 % 11)).ToArray();
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = ties });
    }
}
