using ModelCompiler.Core.Tests.Ml;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Contrib;

public sealed class BlockQuantisedTests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData(ElementType.UInt8, 4, true)]
    [InlineData(ElementType.UInt8, 4, false)]
    [InlineData(ElementType.UInt8, 8, true)]
    [InlineData(ElementType.UInt4, 4, true)]
    [InlineData(ElementType.Int4, 4, false)]
    public void Gathered_rows_equal_onnxruntime(ElementType element, int bits, bool zeros)
    {
        var packing = element == ElementType.UInt8 ? 8 / bits : 1;
        string Codes(OnnxModelBuilder model, int columns)
        {
            var bytes = new byte[7 * columns / packing];
            new Random(columns).NextBytes(bytes);
            byte[] codes =
                element == ElementType.UInt8
                    ? bytes
                    : [.. bytes.Select(b => element == ElementType.Int4 ? (byte)((b & 15) - 8) : (byte)(b & 15))];
            return model.Constant(Tensor.FromBytes(new TensorType(element, new TensorShape(7, columns / packing)), codes));
        }

        var model = new OnnxModelBuilder(21);
        string?[] inputs =
        [
            Codes(model, 64),
            model.Input("i", ElementType.Int64, 2, 3),
            model.Constant([7, 4], MlModel.Random(2, 28, 0)),
            zeros ? Codes(model, 4) : null,
        ];
        (string, object)[] attributes = [("gather_axis", 0), ("quantize_axis", 1), ("block_size", 16), ("bits", bits)];
        model.Output(model.Microsoft("GatherBlockQuantized", inputs, attributes), Float);
        var indices = new Dictionary<string, Array> { ["i"] = (long[])[0, 6, 3, 3, 1, 5] };
        Differential.Check(model, inputs: indices, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Products_with_values_of_tables_equal_onnxruntime(int type)
    {
        const int Inner = 48;
        const int Columns = 10;
        var model = new OnnxModelBuilder();
        var codes = new byte[Inner * Columns / 2];
        new Random(7).NextBytes(codes);
        string[] inputs =
        [
            model.Input("a", Float, 3, Inner),
            model.Constant(Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(codes.Length)), codes)),
            model.Constant([Inner * Columns / 16], MlModel.Random(2, Inner * Columns / 16, 0)),
        ];
        (string, object)[] attributes = [("K", Inner), ("N", Columns), ("block_size", 16), ("quant_type", type)];
        model.Output(model.Microsoft("MatMulBnb4", inputs, attributes), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }
}
