using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class BinaryTests
{
    private static readonly string[] Arithmetic = ["Add", "Sub", "Mul", "Div", "Max", "Min"];
    private static readonly string[] Comparisons = ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"];

    /// <summary>Two shapes that broadcast to each other: of each dimension either may have the size 1 or leave it out in front.</summary>
    private static readonly Gen<(int[] A, int[] B)> Shapes = Gen.Select(
        Gen.Select(Gen.Int[1, 19], Gen.Int[0, 3]).Array[1, 4],
        Gen.Int[0, 3],
        Gen.Bool,
        (dimensions, dropped, swap) =>
        {
            int[] a = [.. dimensions.Select(d => d.Item2 == 1 ? 1 : d.Item1)];
            int[] b = [.. dimensions.Select(d => d.Item2 == 2 ? 1 : d.Item1).Skip(Math.Min(dropped, dimensions.Length - 1))];
            return swap ? (b, a) : (a, b);
        }
    );

    [Fact]
    public void Functions_broadcast_as_onnxruntime_does_on_every_target() =>
        Gen.Select(Shapes, Gen.Int[1, 1000])
            .Sample(
                (shapes, seed) =>
                {
                    var model = new OnnxModelBuilder(16);
                    var a = model.Input("a", ElementType.Float32, shapes.A);
                    var b = model.Input("b", ElementType.Float32, shapes.B);
                    AddAll(model, a, b, ElementType.Float32);
                    Differential.Check(model, seed);
                },
                iter: 6
            );

    [Theory]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.UInt8)]
    public void Other_element_types_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(16);
        var a = model.Input("a", element, 3, 1, 35);
        var b = model.Input("b", element, 2, 35);
        string[] functions = element == ElementType.UInt8 ? ["Max", "Min"] : Arithmetic;
        foreach (var op in functions)
        {
            model.Output(model.Node(op, [a, b]), element);
        }

        var shape = new TensorType(element, new TensorShape(2, 35));
        var divisors = Differential.RandomElements(shape, new Random(3));
        for (var i = 0; i < divisors.Length; i++)
        {
            divisors.SetValue(Convert.ChangeType((i % 9) + 1, divisors.GetType().GetElementType()!), i);
        }

        Differential.Check(model, inputs: new Dictionary<string, Array> { ["b"] = divisors });
    }

    [Fact]
    public void Sums_and_means_of_many_broadcast_as_onnxruntime_does()
    {
        var model = new OnnxModelBuilder(13);
        string[] inputs =
        [
            model.Input("a", ElementType.Float32, 3, 1, 7),
            model.Input("b", ElementType.Float32, 5, 1),
            model.Input("c", ElementType.Float32, 1),
        ];
        foreach (var op in new[] { "Sum", "Mean" })
        {
            model.Output(model.Node(op, inputs), ElementType.Float32);
            model.Output(model.Node(op, [inputs[0]]), ElementType.Float32);
        }

        Differential.Check(model);
    }

    [Fact]
    public void Special_values_give_what_onnxruntime_gives()
    {
        var model = new OnnxModelBuilder(16);
        var values = UnaryTests.SpecialValues(21);
        var a = model.Input("a", ElementType.Float32, 21);
        var b = model.Input("b", ElementType.Float32, 21, 1);
        AddAll(model, a, b, ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["a"] = values, ["b"] = values });
    }

    [Fact]
    public void Logic_and_where_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(16);
        var a = model.Input("a", ElementType.Bool, 5, 7);
        var b = model.Input("b", ElementType.Bool, 7);
        var x = model.Input("x", ElementType.Float32, 5, 1);
        var y = model.Input("y", ElementType.Float32, 2, 5, 7);
        foreach (var op in new[] { "And", "Or", "Xor", "Equal" })
        {
            model.Output(model.Node(op, [a, b]), ElementType.Bool);
        }

        model.Output(model.Node("Not", [a]), ElementType.Bool);
        model.Output(model.Node("Where", [a, x, y]), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Powers_and_remainders_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(16);
        var x = model.Input("x", ElementType.Float32, 33);
        var i = model.Input("i", ElementType.Int64, 33);
        model.Output(model.Node("Pow", [x, model.Constant([], 2f)]), ElementType.Float32);
        model.Output(model.Node("Pow", [x, model.Constant([], 3f)]), ElementType.Float32);
        model.Output(model.Node("Pow", [model.Node("Abs", [x]), model.Constant([], 0.5f)]), ElementType.Float32);
        model.Output(model.Node("Pow", [x, model.Constant(Tensor.Longs(2))]), ElementType.Float32);
        model.Output(model.Node("Pow", [i, model.Constant(Tensor.Longs(3))]), ElementType.Int64);
        model.Output(model.Node("Mod", [i, model.Constant(Tensor.Longs(-7))]), ElementType.Int64);
        model.Output(model.Node("Mod", [x, model.Constant([], 1.5f)], ("fmod", 1)), ElementType.Float32);
        Differential.Check(model);
    }

    [Fact]
    public void Casts_equal_onnxruntime()
    {
        ElementType[] types =
        [
            ElementType.Float32,
            ElementType.Float64,
            ElementType.Int32,
            ElementType.Int64,
            ElementType.UInt8,
            ElementType.Int8,
            ElementType.Bool,
        ];
        var model = new OnnxModelBuilder(16);
        foreach (var from in types)
        {
            var x = model.Input($"x{from}", from, 19);
            foreach (
                var to in types.Where(t => t != from && !(from is ElementType.Float32 or ElementType.Float64 && t == ElementType.UInt8))
            )
            {
                model.Output(model.Node("Cast", [x], ("to", (int)to)), to);
            }
        }

        Differential.Check(model);
    }

    private static void AddAll(OnnxModelBuilder model, string a, string b, ElementType element)
    {
        foreach (var op in Arithmetic)
        {
            model.Output(model.Node(op, [a, b]), element);
        }

        foreach (var op in Comparisons)
        {
            model.Output(model.Node(op, [a, b]), ElementType.Bool);
        }
    }
}
