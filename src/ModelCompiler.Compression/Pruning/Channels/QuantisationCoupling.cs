using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>QuantizeLinear and DequantizeLinear: all places pass through, and scales and zero points of channels go with these.</summary>
internal static class QuantisationCoupling
{
    public static bool Apply(Coupling coupling, NodeProto node)
    {
        // Scales of runs of places would no longer fit what is left of these.
        if (OnnxMessages.Find(node, "block_size")?.I is > 0)
        {
            return false;
        }

        var (x, y) = (node.Input[0], node.Output[0]);
        var shape = coupling.Shape(y)!;
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            coupling.Join(x, axis, y, axis);
        }

        foreach (var parameter in node.Input.Skip(1).Where(p => p.Length > 0))
        {
            if (coupling.Shape(parameter)! is { Rank: 1, Elements: > 1 })
            {
                coupling.Join(parameter, 0, y, TensorShape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? 1, shape.Rank));
            }
            else
            {
                coupling.Fix(parameter);
            }
        }

        return true;
    }

    /// <summary>
    /// Gives each node scales and zero points of its own, where several share them that have one for each channel: they are shared
    /// because the numbers are the same, not because the channels are.
    /// </summary>
    public static void Unshare(OnnxModel model)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in model.Graph.Node.Where(n => n.OpType is "QuantizeLinear" or "DequantizeLinear"))
        {
            for (var i = 1; i < node.Input.Count; i++)
            {
                if (model.Constant(node.Input[i]) is { Shape: { Rank: 1, Elements: > 1 } } constant && !seen.Add(node.Input[i]))
                {
                    var bytes = PackedElements.ArePacked(constant.Element)
                        ? PackedElements.Pack(constant.Bytes, constant.Element)
                        : constant.Bytes;
                    node.Input[i] = model.AddConstant(node.Input[i], constant.Element, constant.Shape, bytes);
                }
            }
        }

        model.NodesChanged();
    }
}
