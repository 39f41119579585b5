using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>A quantised network of any size: square int8 matrices in a row.</summary>
internal static class SyntheticModel
{
    private const int Layers = 4;

    /// <summary>Length of the input and the output of a network with about so many bytes of weights.</summary>
    public static int Width(long weightBytes) => (int)Math.Round(Math.Sqrt((double)weightBytes / Layers));

    /// <summary>The ONNX file.</summary>
    public static byte[] Create(long weightBytes)
    {
        var width = Width(weightBytes);
        var random = new Random(1);
        var model = new OnnxModelBuilder();
        var scale = model.Constant([], 0.02f);
        var zeroPoint = model.Constant(Tensor.From<byte>(ElementType.UInt8, new TensorShape(), [128]));
        // Random sums stay within the range that the outputs are quantised to.
        var weightScale = model.Constant([], 1 / (73f * MathF.Sqrt(width)));
        var weightZeroPoint = model.Constant(Tensor.From<sbyte>(ElementType.Int8, new TensorShape(), [0]));
        var value = model.Node("QuantizeLinear", [model.Input("x", ElementType.Float32, 1, width), scale, zeroPoint]);
        for (var layer = 0; layer < Layers; layer++)
        {
            var bytes = new byte[width * width];
            random.NextBytes(bytes);
            var weights = model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int8, new TensorShape(width, width)), bytes));
            var product = model.Node(
                "MatMul",
                [
                    model.Node("DequantizeLinear", [value, scale, zeroPoint]),
                    model.Node("DequantizeLinear", [weights, weightScale, weightZeroPoint]),
                ]
            );
            value = model.Node("QuantizeLinear", [product, scale, zeroPoint]);
        }

        return model.Output(model.Node("DequantizeLinear", [value, scale, zeroPoint]), ElementType.Float32).ToBytes();
    }
}
