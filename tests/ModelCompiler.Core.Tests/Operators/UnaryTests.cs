using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class UnaryTests
{
    /// <summary>ONNX Runtime keeps everything too: nothing is random in it.</summary>
    [Fact]
    public void Dropout_in_training_with_a_ratio_of_zero_keeps_everything()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 3, 5);
        var training = model.Constant(Tensor.From<byte>(ElementType.Bool, new TensorShape(), [1]));
        var outputs = model.Node("Dropout", "", [model.Node("Neg", [x]), model.Constant([], 0), training], [], outputs: 2);
        model.Output(outputs[0], ElementType.Float32).Output(outputs[1], ElementType.Bool);
        Differential.Check(model);
    }

    // Odd sizes leave a remainder behind the vectors of every width.
    private const int Size = 37;

    private static readonly string[] Everywhere =
    [
        "Abs",
        "Asinh",
        "Atan",
        "Ceil",
        "Celu",
        "Cos",
        "Cosh",
        "Elu",
        "Erf",
        "Exp",
        "Floor",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "LeakyRelu",
        "Mish",
        "Neg",
        "Reciprocal",
        "Relu",
        "Round",
        "Selu",
        "Shrink",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Softplus",
        "Softsign",
        "Tan",
        "Tanh",
        "ThresholdedRelu",
    ];

    [Fact]
    public void Functions_equal_onnxruntime_on_every_target() => Differential.Check(ModelOf(20, Everywhere));

    [Fact]
    public void Functions_of_positive_numbers_equal_onnxruntime_on_every_target()
    {
        float[] values = [.. Enumerable.Range(0, Size).Select(i => 1 + (i * i * 0.37f))];
        Differential.Check(ModelOf(20, ["Log", "Sqrt", "Acosh"]), inputs: new Dictionary<string, Array> { ["x"] = values });
    }

    [Fact]
    public void Functions_of_sines_equal_onnxruntime_on_every_target()
    {
        float[] values = [.. Enumerable.Range(0, Size).Select(i => (2f * i / (Size - 1)) - 1)];
        Differential.Check(ModelOf(20, ["Acos", "Asin"]), inputs: new Dictionary<string, Array> { ["x"] = values });
        float[] inner = [.. values.Select(v => 0.99f * v)];
        Differential.Check(ModelOf(20, ["Atanh"]), inputs: new Dictionary<string, Array> { ["x"] = inner });
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.7f)]
    public void Swish_equals_its_definition(float? alpha)
    {
        (string, object)[] attributes = alpha is { } given ? [("alpha", given)] : [];
        var (model, reference) = (new OnnxModelBuilder(24), new OnnxModelBuilder());
        model.Output(model.Node("Swish", [model.Input("x", ElementType.Float32, Size)], attributes), ElementType.Float32);
        var x = reference.Input("x", ElementType.Float32, Size);
        var gate = reference.Node("Sigmoid", [reference.Node("Mul", [x, reference.Constant([], alpha ?? 1)])]);
        reference.Output(reference.Node("Mul", [x, gate]), ElementType.Float32);
        Reference.Check(model, reference, targets: Targets.Runnable);
    }

    [Fact]
    public void Special_values_give_what_onnxruntime_gives()
    {
        var model = ModelOf(
            20,
            ["Abs", "Erf", "Exp", "HardSigmoid", "LeakyRelu", "Log", "Neg", "Reciprocal", "Relu", "Sigmoid", "Sqrt", "Tanh"]
        );
        model.Output(model.Node("Clip", ["x", model.Constant([], -1f), model.Constant([], 1f)]), ElementType.Float32);
        model.Output(model.Node("IsNaN", ["x"]), ElementType.Bool);
        model.Output(model.Node("IsInf", ["x"], ("detect_negative", 0)), ElementType.Bool);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = SpecialValues(Size) });
    }

    [Fact]
    public void Functions_of_doubles_and_integers_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(17);
        var d = model.Input("d", ElementType.Float64, Size);
        var i = model.Input("i", ElementType.Int32, Size);
        var b = model.Input("b", ElementType.Int8, Size);
        foreach (var op in new[] { "Abs", "Exp", "Neg", "Sigmoid", "Relu", "Floor", "Sqrt", "Tanh" })
        {
            model.Output(model.Node(op, [d]), ElementType.Float64);
        }

        foreach (var op in new[] { "Abs", "Neg", "Relu", "Sign" })
        {
            model.Output(model.Node(op, [i]), ElementType.Int32);
            model.Output(model.Node(op, [b]), ElementType.Int8);
        }

        int[] integers = [int.MinValue, int.MaxValue, .. Enumerable.Range(-17, Size - 2)];
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["i"] = integers });
    }

    internal static float[] SpecialValues(int count)
    {
        float[] special =
        [
            0,
            -0f,
            float.NaN,
            float.PositiveInfinity,
            float.NegativeInfinity,
            float.MaxValue,
            float.MinValue,
            float.Epsilon,
            1e-20f,
            -1e-20f,
            88.7f,
            88.8f,
            -87.3f,
            -87.4f,
            -104,
            1e10f,
            -1e10f,
            9,
            -9,
            4,
            -4,
        ];
        return [.. Enumerable.Range(0, count).Select(i => special[i % special.Length])];
    }

    /// <summary>One model with an output for each function: a compilation costs more than a function.</summary>
    private static OnnxModelBuilder ModelOf(int opset, string[] functions)
    {
        var model = new OnnxModelBuilder(opset);
        var x = model.Input("x", ElementType.Float32, Size);
        foreach (var op in functions)
        {
            model.Output(model.Node(op, [x]), ElementType.Float32);
        }

        return model;
    }
}
