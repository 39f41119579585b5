using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>A Conv, Gemm or MatMul with constant weights.</summary>
/// <param name="Node">The node; its weights are input 1, its bias input 2.</param>
/// <param name="Weights">The weights.</param>
/// <param name="Axis">The dimension of the weights that counts output channels.</param>
/// <param name="Bias">One number an output channel; null for none.</param>
internal sealed record WeightedOperator(NodeProto Node, Tensor Weights, int Axis, float[]? Bias)
{
    /// <summary>Looks at a node; the reason says why it cannot be computed in integers with these weights.</summary>
    public static WeightedOperator? From(OnnxModel model, NodeProto node, out string reason)
    {
        reason = "";
        if (model.Constant(node.Input[1]) is not { Element: ElementType.Float32 } weights)
        {
            reason = "its weights are not float32 constants";
            return null;
        }

        if (node.OpType == "Gemm" && (Attribute(node, "transA")?.I is 1 || Attribute(node, "alpha")?.F is not (null or 1f)))
        {
            reason = "it transposes or scales its input";
            return null;
        }

        if (node.OpType != "Conv" && weights.Shape.Rank != 2)
        {
            reason = $"its weights have the shape {weights.Shape}";
            return null;
        }

        var axis =
            node.OpType == "Conv" ? 0
            : node.OpType == "Gemm" && Attribute(node, "transB")?.I is 1 ? 0
            : 1;
        if (node.Input.Count < 3 || node.Input[2].Length == 0)
        {
            return new WeightedOperator(node, weights, axis, null);
        }

        if (BiasOf(model, node, weights.Shape[axis]) is not { } bias)
        {
            reason = "its bias is not a constant of one number an output channel";
            return null;
        }

        return new WeightedOperator(node, weights, axis, bias);
    }

    private static float[]? BiasOf(OnnxModel model, NodeProto node, int channels)
    {
        if (
            model.Constant(node.Input[2]) is not { Element: ElementType.Float32 } bias
            || (node.OpType == "Gemm" && Attribute(node, "beta")?.F is not (null or 1f))
        )
        {
            return null;
        }

        var numbers = bias.ToFloats();
        var isRow = bias.Shape.Elements == channels && (bias.Shape.Rank == 0 || bias.Shape[bias.Shape.Rank - 1] == channels);
        return isRow ? numbers
            : numbers.Length == 1 ? [.. Enumerable.Repeat(numbers[0], channels)]
            : null;
    }

    private static AttributeProto? Attribute(NodeProto node, string name) => node.Attribute.FirstOrDefault(a => a.Name == name);
}
