using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels;

/// <summary>Which form weights are packed in, and that the list of layers says so.</summary>
public sealed class WeightFormTests
{
    [Theory]
    [InlineData(ElementType.Int4, "MatMul", 1)]
    [InlineData(ElementType.UInt4, "MatMul", 5)]
    [InlineData(ElementType.Int4, "Conv", 4)]
    [InlineData(ElementType.Int4, "Gemm", 3)]
    public void Weights_of_4_bits_between_quantised_values_stay_4_bits(ElementType element, string op, int rows)
    {
        const int Inputs = 70;
        const int Outputs = 40;
        var (random, conv) = (new Random(rows), op == "Conv");
        var model = new OnnxModelBuilder(21);
        int[] shape = conv ? [Outputs, Inputs, 1, 1] : [Inputs, Outputs];
        int[] input = conv ? [1, Inputs, rows, rows] : [rows, Inputs];
        var type = new TensorType(element, new TensorShape(shape));
        var (low, high) = ((int)element.LowestValue(), (int)element.HighestValue());
        byte[] codes = [.. Enumerable.Range(0, type.Shape.Elements).Select(_ => unchecked((byte)random.Next(low, high + 1)))];
        byte zero = element == ElementType.Int4 ? (byte)0 : (byte)7;
        var weights = model.Node(
            "DequantizeLinear",
            [
                model.Constant(Tensor.FromBytes(type, codes)),
                model.Constant([], 1f / 16),
                model.Constant(Tensor.FromBytes(new TensorType(element, TensorShape.Scalar), [zero])),
            ]
        );
        Check(Between(model, op, weights, input), "4-bit", Inputs * Outputs / 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void Weights_gathered_from_a_code_book_stay_indices(int rows)
    {
        const int Inputs = 70;
        const int Outputs = 40;
        var random = new Random(1);
        var model = new OnnxModelBuilder(21);
        sbyte[] book = [-128, -90, -71, -50, -33, -20, -9, -3, 4, 11, 22, 35, 52, 77, 101, 127];
        byte[] indices = [.. Enumerable.Range(0, Inputs * Outputs).Select(_ => (byte)random.Next(book.Length))];
        var values = model.Node(
            "Gather",
            [
                model.Constant(Tensor.From<sbyte>(ElementType.Int8, new TensorShape(book.Length), book)),
                model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(Inputs, Outputs), [.. indices.Select(i => (int)i)])),
            ]
        );
        var zero = model.Constant(Tensor.From<sbyte>(ElementType.Int8, TensorShape.Scalar, [0]));
        var weights = model.Node("DequantizeLinear", [values, model.Constant([], 1f / 256), zero]);
        Check(Between(model, "MatMul", weights, [rows, Inputs]), "code book of 16", 36 * 48 * 2);
    }

    [Theory]
    [InlineData(0.2, 16, "block-sparse 4×16")]
    [InlineData(0.2, 8, "block-sparse 4×8")]
    [InlineData(1, 16, null)]
    public void Blocks_of_zeros_are_left_out_where_that_pays(double density, int outputs, string? packing)
    {
        var layer = ConvCase.Square(6, 128, 96, 1) with { Compressed = new Compressed(density, outputs) };
        var found = Layer(layer.Model());
        Assert.Equal(packing is not null, found.Kernel.Contains("block-sparse", StringComparison.Ordinal));
        Assert.Contains(packing ?? "pointwise", found.Kernel, StringComparison.Ordinal);
        Assert.InRange(found.WeightBytes, 0, packing is null ? 16_000 : 6_000);
    }

    private static OnnxModelBuilder Between(OnnxModelBuilder model, string op, string weights, int[] shape)
    {
        var scale = model.Constant([], 1f / 32);
        var zero = model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [100]));
        var x = model.Node("DequantizeLinear", [model.Input("x", ElementType.UInt8, shape), scale, zero]);
        var product = model.Node(op, [x, weights]);
        var wide = model.Constant([], 1f / 4);
        return model.Output(model.Node("QuantizeLinear", [product, wide, zero]), ElementType.UInt8);
    }

    private static void Check(OnnxModelBuilder model, string packing, int most)
    {
        var layer = Layer(model);
        Assert.Contains(packing, layer.Kernel, StringComparison.Ordinal);
        // Bias in two forms, and the code book.
        Assert.InRange(layer.WeightBytes, 1, (most * 1.35) + (2 * 48 * sizeof(int)) + 16);
        // ONNX Runtime keeps such weights in floats, whose sums are rounded elsewhere.
        Differential.Check(model, tolerance: new(Quanta: 1));
    }

    private static LayerDescription Layer(OnnxModelBuilder model)
    {
        var source = new ModelSource("test.onnx", model.ToBytes(), _ => null);
        var layers = ModelCompilation.Plan(source, new CompileOptions { ClassName = "Test" }).Description!.Layers;
        return layers.MaxBy(l => l.Macs)!;
    }
}
