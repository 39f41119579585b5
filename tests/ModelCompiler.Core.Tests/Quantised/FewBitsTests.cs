using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Passes;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Quantised;

/// <summary>QuantizeLinear and DequantizeLinear with floats of 8 and 4 bits, integers of 4 and 2, and scales in 16 bits.</summary>
public sealed class FewBitsTests
{
    private static readonly Differential.Tolerance Exact = new(0, 0);

    private static readonly IReadOnlyList<Target> Portable = [Target.Find("portable")!];

    /// <summary>Scales: one, one a slice, one a block of 3 of 7 elements.</summary>
    public static TheoryData<ElementType, int> Cases
    {
        get
        {
            ElementType[] elements =
            [
                ElementType.Float8E4M3FN,
                ElementType.Float8E4M3FNUZ,
                ElementType.Float8E5M2,
                ElementType.Float8E5M2FNUZ,
                ElementType.Int4,
                ElementType.UInt4,
                ElementType.Int2,
                ElementType.UInt2,
                ElementType.Int16,
                ElementType.UInt16,
            ];
            var cases = new TheoryData<ElementType, int>();
            foreach (var element in elements)
            {
                cases.Add(element, 0);
                cases.Add(element, 1);
                cases.Add(element, 3);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Quantising_and_back_equals_onnxruntime(ElementType element, int block)
    {
        var model = new OnnxModelBuilder(25);
        var x = model.Input("x", ElementType.Float32, 2, 7, 5);
        int[] shape =
            block == 0 ? []
            : block == 1 ? [7]
            : [2, 3, 5];
        var scales = new TensorShape(shape);
        var scale = model.Constant(Tensor.Floats(scales, [.. Enumerable.Range(0, scales.Elements).Select(i => 0.1f + (0.07f * (i % 9)))]));
        var zero = model.Constant(ZeroPoints(element, scales));
        (string, object)[] place = block > 1 ? [("axis", 1), ("block_size", block)] : [("axis", 1)];
        var quantised = model.Node("QuantizeLinear", [x, scale, zero], place);
        model.Output(model.Node("Cast", [quantised], ("to", (int)ElementType.Float32)), ElementType.Float32);
        model.Output(model.Node("DequantizeLinear", [quantised, scale, zero], place), ElementType.Float32);
        Differential.Check(model, tolerance: Exact, targets: Portable, optimisation: GraphOptimizationLevel.ORT_DISABLE_ALL);
    }

    private static Tensor ZeroPoints(ElementType element, TensorShape shape)
    {
        var type = new TensorType(element, shape);
        var bytes = new byte[type.Bytes];
        for (var i = 0; element.IsInteger() && i < bytes.Length; i += element.SizeInBytes())
        {
            bytes[i] = (byte)(i % 2);
        }

        return Tensor.FromBytes(type, bytes);
    }

    /// <summary>Codes, scales and results in float16, which is what networks with weights of few bits have.</summary>
    [Theory]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int4)]
    [InlineData(ElementType.Float8E4M3FN)]
    [InlineData(ElementType.Float8E5M2FNUZ)]
    public void Dequantising_with_scales_in_float16_equals_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(21);
        var x = model.Input("x", ElementType.Float32, 4, 6);
        var scale = model.Input("scale", ElementType.Float16, 4, 2);
        var codes = model.Node("Cast", [x], ("to", (int)element));
        var y = model.Node("DequantizeLinear", [codes, scale], ("axis", 1), ("block_size", 3));
        model.Output(y, ElementType.Float16);
        var numbers = Enumerable.Range(0, 24).Select(i => (float)(i % 7)).ToArray();
        Differential.Check(
            model,
            tolerance: Exact,
            targets: Portable,
            optimisation: GraphOptimizationLevel.ORT_DISABLE_ALL,
            inputs: new Dictionary<string, Array> { ["x"] = numbers }
        );
    }

    /// <summary>The quotient is rounded to the scale's type before it becomes an integer, unless another precision is asked for.</summary>
    [Theory]
    [InlineData(ElementType.Float16, ElementType.Undefined)]
    [InlineData(ElementType.Float16, ElementType.Float32)]
    [InlineData(ElementType.Float32, ElementType.Float16)]
    [InlineData(ElementType.Float32, ElementType.BFloat16)]
    public void Quotients_have_the_precision_that_is_asked_for(ElementType element, ElementType precision)
    {
        const int Count = 300;
        var model = new OnnxModelBuilder(23);
        var x = model.Input("x", element, Count);
        var scale = model.Input("scale", element);
        var y = model.Node("QuantizeLinear", [x, scale], ("precision", (int)precision), ("output_dtype", (int)ElementType.Int16));
        model.Output(y, ElementType.Int16);

        var random = new Random(3);
        var numbers = Enumerable.Range(0, Count).Select(_ => (float)(Half)((random.NextSingle() - 0.5f) * 4000)).ToArray();
        var step = (float)(Half)0.37f;
        var rounded = precision == ElementType.Undefined ? element : precision;
        var expected = numbers.Select(n => (short)MathF.Round(In(rounded, In(rounded, n) / In(rounded, step)))).ToArray();
        using var network = Load(model);
        Assert.Equal(expected, network.Run(As(element, numbers), As(element, [step]))[0].Elements);
        Assert.Equal(precision is ElementType.Float32, expected.SequenceEqual(numbers.Select(n => (short)MathF.Round(n / step))));
    }

    /// <summary>Before opset 23 the quotient is a float32's, and a quantised network in float16 has the integer operators of one in float32.</summary>
    [Fact]
    public void A_quantised_network_in_float16_multiplies_integers()
    {
        var model = new OnnxModelBuilder(21);
        var scale = model.Constant(Tensor.From<Half>(ElementType.Float16, TensorShape.Scalar, [(Half)0.03f]));
        var zero = model.Constant(Scales.Zero(ElementType.UInt8, 100));
        var weights = model.Constant(
            Tensor.FromBytes(
                new TensorType(ElementType.Int8, new TensorShape(16, 8)),
                [.. Enumerable.Range(0, 128).Select(i => (byte)(i * 7))]
            )
        );
        string Quantised(string x) => model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, scale, zero]), scale, zero]);
        var x = Quantised(model.Input("x", ElementType.Float16, 3, 16));
        var y = model.Node("MatMul", [x, model.Node("DequantizeLinear", [weights, scale])]);
        model.Output(Quantised(y), ElementType.Float16);
        var (graph, _) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.Contains(Pipeline.Run(graph!, Target.Auto).Nodes, n => n.Operator is QuantizedMatMul);
        Differential.Check(model, tolerance: new(0, 0.031), targets: Portable);
    }

    /// <summary>Half a quantum apart, where division in 16 bits would differ.</summary>
    [Fact]
    public void Quantising_float16_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder(21);
        var (x, scale) = (model.Input("x", ElementType.Float16, 500), model.Input("scale", ElementType.Float16));
        model.Output(model.Node("QuantizeLinear", [x, scale], ("output_dtype", (int)ElementType.Int8)), ElementType.Int8);
        var random = new Random(3);
        var inputs = new Dictionary<string, Array>
        {
            ["x"] = Enumerable.Range(0, 500).Select(_ => (Half)((random.NextSingle() - 0.5f) * 90)).ToArray(),
            ["scale"] = (Half[])[(Half)0.37f],
        };
        Differential.Check(model, tolerance: Exact, targets: Portable, inputs: inputs);
    }

    [Fact]
    public void Quotients_in_16_bits_have_scales_and_zero_points_along_an_axis()
    {
        var model = new OnnxModelBuilder(23);
        var (x, scale) = (model.Input("x", ElementType.Float16, 2, 3), model.Input("scale", ElementType.Float16, 3));
        var y = model.Node("QuantizeLinear", [x, scale, model.Input("zero", ElementType.Int8, 3)]);
        model.Output(y, ElementType.Int8);
        using var network = Load(model);
        var result = network.Run(As(ElementType.Float16, [1, 2, 3, 4, 5, 6]), As(ElementType.Float16, [0.5f, 1, 2]), (sbyte[])[0, 10, -20]);
        Assert.Equal((sbyte[])[2, 12, -18, 8, 15, -17], result[0].Elements);
    }

    [Fact]
    public void Four_bit_floats_are_quantised_and_dequantised()
    {
        float[] magnitudes = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6];
        var model = new OnnxModelBuilder(23);
        var x = model.Input("x", ElementType.Float32, 9);
        var scale = model.Constant([], 2);
        var quantised = model.Node("QuantizeLinear", [x, scale], ("output_dtype", (int)ElementType.Float4E2M1));
        model.Output(quantised, ElementType.Float4E2M1);
        model.Output(model.Node("DequantizeLinear", [quantised, scale], ("output_dtype", (int)ElementType.BFloat16)), ElementType.BFloat16);
        using var network = Load(model);
        var results = network.Run((float[])[0, 0.9f, 2.5f, 3.5f, -5, -7, 30, -30, 10]);
        Assert.Equal((byte[])[0, 1, 2, 4, 8 + 4, 8 + 6, 7, 8 + 7, 6], results[0].Elements);
        float[] expected = [.. ((byte[])results[0].Elements).Select(c => 2 * (c < 8 ? magnitudes[c] : -magnitudes[c - 8]))];
        Assert.Equal(expected, Elements.Reals(results[1]));
    }

    [Fact]
    public void Scales_may_be_powers_of_two()
    {
        var model = new OnnxModelBuilder(25);
        var x = model.Input("x", ElementType.Float8E4M3FN, 2, 4);
        var scale = model.Input("scale", ElementType.Float8E8M0, 2, 2);
        var y = model.Node("DequantizeLinear", [x, scale], ("axis", 1), ("block_size", 2), ("output_dtype", (int)ElementType.Float32));
        model.Output(y, ElementType.Float32);
        using var network = Load(model);
        byte[] ones = [0x38, 0x40, 0x38, 0x40, 0xB8, 0xC0, 0xB8, 0xC0];
        var result = network.Run(ones, (byte[])[127, 128, 126, 130])[0].Elements;
        Assert.Equal((float[])[1, 2, 2, 4, -0.5f, -1, -8, -16], result);
    }

    /// <summary>Weights of 4-bit floats in blocks with a power of two each: what is left of them is a product with constant weights.</summary>
    [Fact]
    public void Weights_in_blocks_of_few_bits_are_dequantised_at_compile_time()
    {
        const int Rows = 1024;
        const int Columns = 512;
        var model = new OnnxModelBuilder(25);
        var codes = new TensorType(ElementType.Float4E2M1, new TensorShape(Rows, Columns));
        var w = model.Constant(Tensor.FromBytes(codes, [.. Enumerable.Range(0, Rows * Columns).Select(i => (byte)(i % 16))]));
        var powers = new TensorType(ElementType.Float8E8M0, new TensorShape(Rows / 32, Columns));
        var scale = model.Constant(Tensor.FromBytes(powers, [.. Enumerable.Range(0, powers.Bytes).Select(i => (byte)(120 + (i % 5)))]));
        var real = model.Node("DequantizeLinear", [w, scale], ("axis", 0), ("block_size", 32), ("output_dtype", 1));
        model.Output(model.Node("MatMul", [model.Input("x", ElementType.Float32, 1, Rows), real]), ElementType.Float32);
        var (graph, _) = OnnxImporter.Import(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        var weights = Assert.Single(graph!.Nodes).Input(1).Constant!.ToFloats();
        Assert.Equal(1.5f * MathF.Pow(2, 120 + ((Columns + 3) % 5) - 127), weights[(32 * Columns) + 3]);
    }

    [Fact]
    public void A_zero_point_of_floats_must_be_0()
    {
        var model = new OnnxModelBuilder(21);
        var x = model.Input("x", ElementType.Float32, 3);
        var zero = model.Constant(Tensor.From<byte>(ElementType.Float8E5M2, TensorShape.Scalar, [0x3C]));
        model.Output(model.Node("QuantizeLinear", [x, model.Constant([], 1), zero]), ElementType.Float8E5M2);
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new CompileOptions());
        Assert.Contains("the zero point is Float8E5M2[]", Assert.Single(compiled.Problems).Message, StringComparison.Ordinal);
    }

    private static float In(ElementType element, float value) =>
        element switch
        {
            ElementType.Float16 => (float)(Half)value,
            ElementType.BFloat16 => BitConverter.Int32BitsToSingle(NarrowFloat.Of(element)!.Encode(value, false) << 16),
            _ => value,
        };

    private static Array As(ElementType element, float[] numbers) =>
        element == ElementType.Float16 ? numbers.Select(n => (Half)n).ToArray() : numbers;

    private static CompiledNetwork Load(OnnxModelBuilder model)
    {
        var options = new CompileOptions { ClassName = "TestModel" };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        return CompiledNetwork.Load(compiled, options);
    }
}
