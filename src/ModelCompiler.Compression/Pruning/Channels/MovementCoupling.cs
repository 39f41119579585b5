using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Operators that only move elements, or say where they are.</summary>
internal static class MovementCoupling
{
    public static bool Concat(Coupling coupling, NodeProto node)
    {
        var shape = coupling.Shape(node.Output[0])!;
        var axis = TensorShape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? 1, shape.Rank);
        JoinParts(coupling, node.Output[0], node.Input, axis);
        return true;
    }

    public static bool Split(Coupling coupling, NodeProto node)
    {
        var shape = coupling.Shape(node.Input[0])!;
        var axis = TensorShape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? 0, shape.Rank);
        if (node.Input.Count > 1 && node.Input[1].Length > 0 && coupling.Model.Constant(node.Input[1]) is null)
        {
            return false;
        }

        JoinParts(coupling, node.Input[0], node.Output, axis);
        return node.Output.All(o => o.Length > 0);
    }

    public static bool Slice(Coupling coupling, NodeProto node)
    {
        if (SliceRange.Of(coupling.Model, node, coupling.Shape(node.Input[0])!) is not { } ranges)
        {
            return false;
        }

        for (var axis = 0; axis < ranges.Count; axis++)
        {
            var (begin, end, step) = ranges[axis];
            if (step != 1)
            {
                coupling.Fix(node.Input[0], axis);
                coupling.Fix(node.Output[0], axis);
                continue;
            }

            for (var i = begin; i < end; i++)
            {
                coupling.Units.Join(new Slice(node.Input[0], axis, i), new Slice(node.Output[0], axis, i - begin));
            }
        }

        return true;
    }

    public static bool Transpose(Coupling coupling, NodeProto node)
    {
        var rank = coupling.Shape(node.Input[0])!.Rank;
        var order = OnnxMessages.Find(node, "perm")?.Ints.Select(a => (int)a).ToArray();
        for (var axis = 0; axis < rank; axis++)
        {
            coupling.Join(node.Input[0], order?[axis] ?? rank - 1 - axis, node.Output[0], axis);
        }

        return true;
    }

    /// <summary>Resize and Pad: dimensions that they change stay as they are.</summary>
    public static bool Resize(Coupling coupling, NodeProto node) =>
        node.Input.Count < 2 || node.Input[1].Length == 0 || coupling.Shape(node.Input[1])!.Elements == 0 || coupling.Model.Opset < 11
            ? JoinUnchanged(coupling, node, _ => true)
            : false;

    public static bool Pad(Coupling coupling, NodeProto node)
    {
        var rank = coupling.Shape(node.Input[0])!.Rank;
        return CouplingRules.Numbers(coupling.Model, node, "pads", 1) is { } pads
            && pads.Count == 2 * rank
            && JoinUnchanged(coupling, node, axis => pads[axis] == 0 && pads[rank + axis] == 0);
    }

    public static bool Expand(Coupling coupling, NodeProto node)
    {
        if (coupling.Model.Constant(node.Input[1]) is null)
        {
            return false;
        }

        coupling.JoinBroadcast(node.Input[0], node.Output[0]);
        return true;
    }

    /// <summary>Rows of a table: the rows stay, what is in them may lose places.</summary>
    public static bool Gather(Coupling coupling, NodeProto node)
    {
        var (data, indices) = (coupling.Shape(node.Input[0])!, coupling.Shape(node.Input[1])!);
        var axis = TensorShape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? 0, data.Rank);
        coupling.Fix(node.Input[0], axis);
        coupling.Fix(node.Input[1]);
        for (var other = 0; other < data.Rank; other++)
        {
            if (other != axis)
            {
                coupling.Join(node.Input[0], other, node.Output[0], other < axis ? other : other - 1 + indices.Rank);
            }
        }

        for (var i = 0; i < indices.Rank; i++)
        {
            coupling.Fix(node.Output[0], axis + i);
        }

        return true;
    }

    /// <summary>The sizes that somebody reads stay; mostly only the batch is read.</summary>
    public static bool Shape(Coupling coupling, NodeProto node)
    {
        var rank = coupling.Shape(node.Input[0])!.Rank;
        var read = coupling.Model.IsOutput(node.Output[0])
            ? null
            : coupling.Model.Consumers(node.Output[0]).Select(n => SizesRead(coupling, n, node.Output[0], rank)).ToList();
        if (node.Attribute.Count > 0 || read is null || read.Any(r => r is null))
        {
            return false;
        }

        foreach (var axis in read.SelectMany(r => r!))
        {
            coupling.Fix(node.Input[0], axis);
        }

        return true;
    }

    private static IEnumerable<int>? SizesRead(Coupling coupling, NodeProto reader, string shape, int rank)
    {
        switch (reader.OpType)
        {
            case "Gather" when reader.Input[0] == shape && coupling.Model.Constant(reader.Input[1]) is { } indices:
                return indices.ToLongs().Select(i => TensorShape.NormaliseAxis(i, rank));
            case "Slice"
                when reader.Input[0] == shape && SliceRange.Of(coupling.Model, reader, new TensorShape(rank)) is [var (begin, end, step)]:
                return step > 0 ? Enumerable.Range(begin, Math.Max(end - begin, 0)) : null;
            default:
                return null;
        }
    }

    private static bool JoinUnchanged(Coupling coupling, NodeProto node, Func<int, bool> mayPass)
    {
        var (from, to) = (coupling.Shape(node.Input[0])!, coupling.Shape(node.Output[0])!);
        for (var axis = 0; axis < from.Rank; axis++)
        {
            if (from[axis] == to[axis] && mayPass(axis))
            {
                coupling.Join(node.Input[0], axis, node.Output[0], axis);
            }
            else
            {
                coupling.Fix(node.Input[0], axis);
                coupling.Fix(node.Output[0], axis);
            }
        }

        return true;
    }

    private static void JoinParts(Coupling coupling, string whole, IEnumerable<string> parts, int axis)
    {
        var offset = 0;
        foreach (var part in parts.Where(p => p.Length > 0))
        {
            var shape = coupling.Shape(part)!;
            for (var other = 0; other < shape.Rank; other++)
            {
                if (other != axis)
                {
                    coupling.Join(part, other, whole, other);
                }
            }

            for (var i = 0; i < shape[axis]; i++)
            {
                coupling.Units.Join(new Slice(part, axis, i), new Slice(whole, axis, offset + i));
            }

            offset += shape[axis];
        }
    }
}
