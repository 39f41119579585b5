using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class FoldingTests
{
    [Fact]
    public void Functions_of_constants_are_folded_to_what_onnxruntime_gives()
    {
        var model = new OnnxModelBuilder(20);
        var x = model.Constant(Tensor.Floats(new(3, 5), [.. Enumerable.Range(-7, 15).Select(i => i * 0.43f)]));
        var y = model.Constant(Tensor.Floats(new(5), 2, -1, 0.5f, 3, 1));
        var i = model.Constant(Tensor.Longs(7, -7, 12, 1, 0));
        var j = model.Constant(Tensor.Longs(2, 3, -5, 9, 4));
        foreach (
            var op in new[]
            {
                "Abs",
                "Ceil",
                "Elu",
                "Erf",
                "Exp",
                "Gelu",
                "HardSwish",
                "Mish",
                "Round",
                "Selu",
                "Sigmoid",
                "Softplus",
                "Tanh",
            }
        )
        {
            model.Output(model.Node(op, [x]), ElementType.Float32);
        }

        model.Output(model.Node("Log", [model.Node("Exp", [x])]), ElementType.Float32);
        foreach (var op in new[] { "Add", "Sub", "Mul", "Div", "Max", "Min" })
        {
            model.Output(model.Node(op, [x, y]), ElementType.Float32);
            model.Output(model.Node(op, [i, j]), ElementType.Int64);
        }

        model.Output(model.Node("Pow", [model.Node("Abs", [x]), y]), ElementType.Float32);
        model.Output(model.Node("Mod", [i, j]), ElementType.Int64);
        model.Output(model.Node("Less", [x, y]), ElementType.Bool);
        model.Output(model.Node("Where", [model.Node("Greater", [i, j]), i, j]), ElementType.Int64);
        model.Output(model.Node("Cast", [x], ("to", (int)ElementType.Int32)), ElementType.Int32);
        model.Output(model.Node("ReduceProd", [i], ("keepdims", 0)), ElementType.Int64);
        model.Output(model.Node("ReduceMean", [x, model.Constant(Tensor.Longs(0))]), ElementType.Float32);

        // ONNX Runtime wants an input.
        model.Output(model.Node("Relu", [model.Input("z", ElementType.Float32, 1)]), ElementType.Float32);
        var (graph, _) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.Single(graph!.Nodes);
        Differential.Check(model, targets: [Target.Find("portable")!]);
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int32)]
    public void Indexed_operators_on_constants_are_folded_to_what_onnxruntime_gives(ElementType type)
    {
        var model = new OnnxModelBuilder(18);
        var x = Constant(3, 4);
        var (rows, places) = (Longs(new(2, 1), 2, -3), Longs(new(2, 2), 1, -1, 0, 1));
        var (axis, count) = (model.Constant(Tensor.Longs(1).Reshape(TensorShape.Scalar)), model.Constant(Tensor.Longs(3)));
        foreach (var reduction in new[] { "none", "add", "mul", "min", "max" })
        {
            model.Output(model.Node("ScatterND", [x, rows, Constant(2, 4)], ("reduction", reduction)), type);
            model.Output(model.Node("ScatterElements", [x, places, Constant(2, 2)], ("axis", 1), ("reduction", reduction)), type);
        }

        model.Output(model.Node("GatherElements", [x, places], ("axis", 0)), type);
        model.Output(model.Node("GatherND", [x, places]), type);
        model.Output(model.Node("GatherND", [x, Longs(new(3, 1), 1, 0, -2)], ("batch_dims", 1)), type);
        model.Output(model.Node("CumSum", [x, axis]), type);
        model.Output(model.Node("CumSum", [x, axis], ("exclusive", 1), ("reverse", 1)), type);
        foreach (var largest in new[] { 0, 1 })
        {
            var best = model.Node("TopK", "", [x, count], [("axis", 0), ("largest", largest)], outputs: 2);
            model.Output(best[0], type).Output(best[1], ElementType.Int64);
        }

        // ONNX Runtime wants an input.
        model.Output(model.Node("Relu", [model.Input("z", ElementType.Float32, 1)]), ElementType.Float32);
        var (graph, _) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.Single(graph!.Nodes);
        Differential.Check(model, targets: [Target.Find("portable")!]);

        string Longs(TensorShape shape, params long[] values) => model.Constant(Tensor.Longs(values).Reshape(shape));

        string Constant(params int[] shape)
        {
            var values = Enumerable.Range(0, new TensorShape(shape).Elements).Select(i => (i * 5 % 7) - 3).ToArray();
            return model.Constant(
                type == ElementType.Float32
                    ? Tensor.Floats(new(shape), [.. values.Select(v => v * 0.75f)])
                    : Tensor.From<int>(type, new(shape), values)
            );
        }
    }

    [Theory]
    [InlineData(-30.0)]
    [InlineData(-0.7)]
    [InlineData(1e-5)]
    [InlineData(0.3)]
    [InlineData(2.5)]
    [InlineData(55.0)]
    public void Reproducible_functions_are_accurate_to_double(double x)
    {
        AssertClose(Math.Exp(x), ReproducibleMath.Exp(x));
        AssertClose(Math.Log(Math.Abs(x)), ReproducibleMath.Log(Math.Abs(x)));
        AssertClose(Math.Tanh(x), ReproducibleMath.Tanh(x));
        AssertClose(Math.Pow(Math.Abs(x), 1.7), ReproducibleMath.Pow(Math.Abs(x), 1.7));

        static void AssertClose(double expected, double actual) =>
            Assert.True(Math.Abs(expected - actual) <= 1e-13 * Math.Abs(expected), $"expected {expected:R}, found {actual:R}");
    }
}
