using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>
/// Normalisations and reductions. Where one looks at all channels at once, a channel less changes the others: such dimensions stay.
/// </summary>
internal static class NormalisationCoupling
{
    private const int FirstOpsetWithOneSoftmaxAxis = 13;

    public static bool Batch(Coupling coupling, NodeProto node)
    {
        if (OnnxMessages.Find(node, "training_mode")?.I is 1 || node.Output.Skip(1).Any(o => o.Length > 0))
        {
            return false;
        }

        coupling.Scales(node.Input[1]);
        return PerChannel(coupling, node);
    }

    public static bool Instance(Coupling coupling, NodeProto node)
    {
        CouplingRules.FixFrom(coupling, 2, node.Input[0]);
        return PerChannel(coupling, node);
    }

    public static bool Layer(Coupling coupling, NodeProto node)
    {
        var rank = coupling.Shape(node.Input[0])!.Rank;
        var axis = (int)(OnnxMessages.Find(node, "axis")?.I ?? -1);
        return KeepFrom(coupling, node, TensorShape.NormaliseAxis(axis, rank), rank);
    }

    public static bool Softmax(Coupling coupling, NodeProto node)
    {
        var rank = coupling.Shape(node.Input[0])!.Rank;
        var oneAxis = coupling.Model.Opset >= FirstOpsetWithOneSoftmaxAxis;
        var axis = TensorShape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? (oneAxis ? -1 : 1), rank);
        return KeepFrom(coupling, node, axis, oneAxis ? axis + 1 : rank);
    }

    public static bool Reduce(Coupling coupling, NodeProto node)
    {
        var (input, output) = (node.Input[0], node.Output[0]);
        var rank = coupling.Shape(input)!.Rank;
        var given = CouplingRules.Numbers(coupling.Model, node, "axes", 1);
        var keeps = OnnxMessages.Find(node, "keepdims")?.I is null or 1;
        if (given is null)
        {
            return false;
        }

        var reduced = given.Select(a => TensorShape.NormaliseAxis(a, rank)).ToHashSet();
        for (int axis = 0, target = 0; axis < rank; axis++)
        {
            if (reduced.Contains(axis))
            {
                coupling.Fix(input, axis);
                target += keeps ? 1 : 0;
            }
            else
            {
                coupling.Join(input, axis, output, target++);
            }
        }

        return given.Count > 0;
    }

    private static bool PerChannel(Coupling coupling, NodeProto node)
    {
        coupling.JoinBroadcast(node.Input[0], node.Output[0]);
        foreach (var parameter in node.Input.Skip(1))
        {
            coupling.Join(parameter, 0, node.Output[0], 1);
        }

        return coupling.Shape(node.Input[0])!.Rank > 1;
    }

    private static bool KeepFrom(Coupling coupling, NodeProto node, int first, int end)
    {
        coupling.JoinBroadcast(node.Input[0], node.Output[0]);
        for (var axis = first; axis < end; axis++)
        {
            coupling.Fix(node.Input[0], axis);
        }

        foreach (var other in node.Input.Skip(1).Concat(node.Output.Skip(1)))
        {
            coupling.Fix(other);
        }

        return true;
    }
}
