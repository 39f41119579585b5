using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear against ONNX Runtime, to the bit.</summary>
public sealed class LinearTests
{
    private static readonly Differential.Tolerance Exact = new(0, 0);

    [Fact]
    public void QuantizeLinear_of_near_ties_and_of_what_is_no_number_equals_onnxruntime() =>
        Gen.Select(Scales.Byte, Gen.Float[0.001f, 3], Gen.Int[0, 255], Gen.Int[1, 150])
            .Sample(
                (element, scale, zero, size) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", ElementType.Float32, size);
                    var y = model.Node(
                        "QuantizeLinear",
                        [x, model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(element, zero))]
                    );
                    model.Output(y, element);
                    float[] special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f, -1e30f, -0f];
                    var values = Enumerable
                        .Range(0, size)
                        .Select(i => i < special.Length ? special[i] : NearTie(i, i - (size / 2), scale))
                        .ToArray();
                    Differential.Check(
                        model,
                        targets: Scales.Targets,
                        tolerance: Exact,
                        inputs: new Dictionary<string, Array> { ["x"] = values }
                    );
                },
                iter: 3
            );

    [Fact]
    public void An_image_quantised_into_channels_last_equals_onnxruntime() =>
        Gen.Select(Scales.Byte, Gen.Float[0.001f, 3], Gen.Int[0, 255], Gen.Int[2, 4], Gen.Int[1, 12], Gen.Int[0, 1])
            .Sample(
                (element, scale, zero, planes, size, power) =>
                {
                    var step = power == 1 ? 0.25f : scale;
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", ElementType.Float32, 2, planes, size, 5);
                    var y = model.Node(
                        "QuantizeLinear",
                        [x, model.Constant(Scales.Scale(step)), model.Constant(Scales.Zero(element, zero))]
                    );
                    model.Output(model.Node("Transpose", [y], ("perm", (int[])[0, 2, 3, 1])), element);
                    float[] special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f, -1e30f, -0f];
                    var values = Enumerable
                        .Range(0, 2 * planes * size * 5)
                        .Select(i => i % 40 < special.Length ? special[i % 40] : NearTie(i, i - 100, step))
                        .ToArray();
                    Differential.Check(model, targets: Scales.BothStorages, inputs: new Dictionary<string, Array> { ["x"] = values });
                },
                iter: 6
            );

    /// <summary>A float at the middle between two integers, or right beside it.</summary>
    private static float NearTie(int index, int level, float scale)
    {
        var tie = (level + 0.5f) * scale;
        return index % 3 == 0 ? tie
            : index % 3 == 1 ? MathF.BitIncrement(tie)
            : MathF.BitDecrement(tie);
    }

    [Theory]
    [InlineData(ElementType.Int8, 13)]
    [InlineData(ElementType.UInt8, 10)]
    [InlineData(ElementType.Int16, 21)]
    [InlineData(ElementType.UInt16, 21)]
    public void QuantizeLinear_and_back_equals_onnxruntime_for_every_type(ElementType element, int opset)
    {
        var model = new OnnxModelBuilder(opset);
        var x = model.Input("x", ElementType.Float32, 3, 41);
        var scale = model.Constant(Scales.Scale(0.037f));
        var zero = model.Constant(
            new TensorType(element, TensorShape.Scalar) is var type && type.Bytes == 1
                ? Scales.Zero(element, 100)
                : Tensor.From<short>(element, TensorShape.Scalar, [77])
        );
        var quantised = model.Node("QuantizeLinear", [x, scale, zero]);
        model.Output(quantised, element);
        model.Output(model.Node("DequantizeLinear", [quantised, scale, zero]), ElementType.Float32);
        Differential.Check(model, targets: Scales.Targets, tolerance: Exact);
    }

    [Fact]
    public void Scales_along_an_axis_equal_onnxruntime() =>
        Gen.Select(Scales.Byte, Gen.Int[0, 2])
            .Sample(
                (element, axis) =>
                {
                    int[] shape = [2, 3, 5];
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", ElementType.Float32, shape);
                    var scale = model.Constant([shape[axis]], [.. Enumerable.Range(1, shape[axis]).Select(i => 0.01f * i)]);
                    var zero = model.Constant(
                        Tensor.From<byte>(element, new TensorShape(shape[axis]), [.. Enumerable.Range(5, shape[axis]).Select(i => (byte)i)])
                    );
                    var quantised = model.Node("QuantizeLinear", [x, scale, zero], ("axis", axis));
                    model.Output(quantised, element);
                    model.Output(model.Node("DequantizeLinear", [quantised, scale, zero], ("axis", axis)), ElementType.Float32);
                    Differential.Check(model, targets: Scales.Targets, tolerance: Exact);
                },
                iter: 3
            );

    [Fact]
    public void Scales_at_run_time_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 3, 7);
        var scale = model.Input("scale", ElementType.Float32, 3);
        var zero = model.Input("zero", ElementType.Int8, 3);
        var quantised = model.Node("QuantizeLinear", [x, scale, zero], ("axis", 1));
        model.Output(quantised, ElementType.Int8);
        model.Output(model.Node("DequantizeLinear", [quantised, scale, zero], ("axis", 1)), ElementType.Float32);
        var inputs = new Dictionary<string, Array> { ["scale"] = new[] { 0.1f, 0.02f, 0.5f } };
        Differential.Check(model, targets: Scales.Targets, tolerance: Exact, inputs: inputs);
    }

    [Theory]
    [InlineData(ElementType.Int4)]
    [InlineData(ElementType.UInt4)]
    public void Blocks_of_4_bit_weights_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(21);
        var weights = Enumerable.Range(0, 6 * 8).Select(i => (byte)((i * 7 % 16) - (element == ElementType.Int4 ? 8 : 0))).ToArray();
        var w = model.Constant(Tensor.FromBytes(new TensorType(element, new TensorShape(6, 8)), weights));
        var scale = model.Constant([6, 2], [.. Enumerable.Range(1, 12).Select(i => 0.1f * i)]);
        var real = model.Node("DequantizeLinear", [w, scale], ("axis", 1), ("block_size", 4));
        var x = model.Input("x", ElementType.Float32, 3, 6);
        model.Output(model.Node("MatMul", [x, real]), ElementType.Float32);
        Differential.Check(model, targets: Scales.Targets);
    }

    [Fact]
    public void Int32_with_scales_along_an_axis_is_dequantised_like_onnxruntime_does()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Int32, 4, 3);
        var scale = model.Constant([3], 0.5f, 0.1f, 3);
        model.Output(model.Node("DequantizeLinear", [x, scale], ("axis", 1)), ElementType.Float32);
        var inputs = new Dictionary<string, Array> { ["x"] = Enumerable.Range(0, 12).Select(i => (i - 6) * 123456789).ToArray() };
        Differential.Check(model, targets: Scales.Targets, tolerance: Exact, inputs: inputs);
    }

    [Fact]
    public void DynamicQuantizeLinear_equals_onnxruntime() =>
        Gen.Select(Gen.Int[1, 100], Gen.Int[0, 1000], Gen.Float[-4, 4])
            .Sample(
                (size, seed, shift) =>
                {
                    var model = new OnnxModelBuilder();
                    var x = model.Input("x", ElementType.Float32, size);
                    var outputs = model.Node("DynamicQuantizeLinear", "", [x], [], 3);
                    model.Output(outputs[0], ElementType.UInt8).Output(outputs[1], ElementType.Float32);
                    model.Output(outputs[2], ElementType.UInt8);
                    var random = new Random(seed);
                    var values = Enumerable.Range(0, size).Select(_ => (random.NextSingle() * 6) + shift).ToArray();
                    Differential.Check(
                        model,
                        targets: Scales.Targets,
                        tolerance: Exact,
                        inputs: new Dictionary<string, Array> { ["x"] = values }
                    );
                },
                iter: 3
            );
}
