using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators on integers that are less usual in networks than in the specification.</summary>
public sealed class IntegerTypeTests
{
    private static readonly Target[] Portable = [Target.Find("portable")!];

    [Theory]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.Int16)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.UInt16)]
    [InlineData(ElementType.UInt32)]
    [InlineData(ElementType.UInt64)]
    public void Arithmetic_and_comparisons_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(20);
        var (x, y) = (model.Input("x", element, 3, 5), model.Input("y", element, 5));
        string[] functions = element is ElementType.Int16 or ElementType.UInt16 ? [] : ["Max", "Min"];
        foreach (var op in functions.Concat(["Add", "Sub", "Mul", "Div", "Mod", "BitwiseAnd", "BitwiseOr", "BitwiseXor"]))
        {
            model.Output(model.Node(op, [x, y]), element);
        }

        foreach (var op in new[] { "Abs", "BitwiseNot", "Sign", "Shrink" })
        {
            model.Output(model.Node(op, [x]), element);
        }

        foreach (var op in new[] { "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual" })
        {
            model.Output(model.Node(op, [x, y]), ElementType.Bool);
        }

        Differential.Check(model, targets: Portable, inputs: Small(element, ("x", 15), ("y", 5)));
    }

    [Theory]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.UInt32)]
    [InlineData(ElementType.UInt64)]
    public void Shifts_of_bits_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(11);
        var (x, by) = (model.Input("x", element, 3, 5), model.Input("by", element, 5));
        model.Output(model.Node("BitShift", [x, by], ("direction", "LEFT")), element);
        model.Output(model.Node("BitShift", [x, by], ("direction", "RIGHT")), element);
        Differential.Check(model, targets: Portable, inputs: Small(element, ("by", 5)));
    }

    [Theory]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    public void Reductions_to_real_numbers_are_truncated_like_onnxruntime_does(ElementType element)
    {
        var model = new OnnxModelBuilder(18);
        var (x, axes) = (model.Input("x", element, 3, 5), model.Constant(Tensor.Longs(1)));
        foreach (var op in new[] { "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare", "ReduceL1" })
        {
            model.Output(model.Node(op, [x, axes]), element);
        }

        Differential.Check(model, targets: Portable, inputs: Small(element, ("x", 15)));
    }

    [Theory]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.UInt32)]
    [InlineData(ElementType.UInt64)]
    public void Products_of_integer_matrices_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(13);
        model.Output(model.Node("MatMul", [model.Input("x", element, 3, 5), model.Input("y", element, 5, 4)]), element);
        Differential.Check(model, targets: Portable, inputs: Small(element, ("x", 15), ("y", 20)));
    }

    [Fact]
    public void Factors_of_an_integer_product_need_not_be_whole()
    {
        var model = new OnnxModelBuilder(13);
        string[] inputs =
        [
            model.Input("x", ElementType.Int32, 1, 2),
            model.Input("y", ElementType.Int32, 2, 1),
            model.Input("z", ElementType.Int32, 1),
        ];
        model.Output(model.Node("Gemm", inputs, ("alpha", 0.5f), ("beta", 2f)), ElementType.Int32);
        var options = new CompileOptions { ClassName = "TestModel" };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        using var network = CompiledNetwork.Load(compiled, options);
        Assert.Equal((int[])[(((3 * 5) + (4 * 2)) / 2) + 14], network.Run((int[])[3, 4], (int[])[5, 2], (int[])[7])[0].Elements);
    }

    [Fact]
    public void Truth_values_are_resampled()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Bool, 1, 1, 2, 2);
        var region = model.Constant([8], 0, 0, -1, 0, 1, 1, 1, 1);
        model.Output(
            model.Node(
                "Resize",
                [x, region, null, model.Constant(Tensor.Longs(1, 1, 4, 2))],
                ("mode", "nearest"),
                ("coordinate_transformation_mode", "tf_crop_and_resize"),
                ("extrapolation_value", 1f)
            ),
            ElementType.Bool
        );
        var options = new CompileOptions { ClassName = "TestModel" };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        var y = (bool[])network.Run((bool[])[false, true, true, false])[0].Elements;
        Assert.Equal([true, true, true, true, false, true, true, false], y);
    }

    /// <summary>Numbers from 1 on, and their negatives where the type has these.</summary>
    private static Dictionary<string, Array> Small(ElementType element, params (string Name, int Count)[] inputs)
    {
        var result = new Dictionary<string, Array>();
        foreach (var (name, count) in inputs)
        {
            var array = Elements.Allocate(new TensorType(element, new TensorShape(count)));
            for (var i = 0; i < count; i++)
            {
                var number = (i * 5 % 7) + 1;
                var isNegative = element.LowestValue() < 0 && i % 3 == 1 && name == "y";
                array.SetValue(Convert.ChangeType(isNegative ? -number : number, array.GetType().GetElementType()!), i);
            }

            result.Add(name, array);
        }

        return result;
    }
}
