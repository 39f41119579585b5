using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>
/// Reshape, Flatten, Squeeze and Unsqueeze: dimensions that are merged or cut. Where several lie within one, only one of them can lose
/// places, and each place is then a whole row of the merged dimension.
/// </summary>
internal static class ReshapeCoupling
{
    public static bool Apply(Coupling coupling, NodeProto node)
    {
        var (x, y) = (node.Input[0], node.Output[0]);
        var (from, to) = (coupling.Shape(x)!, coupling.Shape(y)!);
        if (from.Elements == 0)
        {
            return false;
        }

        foreach (var (inputs, outputs) in Pieces(from, to))
        {
            if (inputs is [var input] && outputs is [var output])
            {
                coupling.Join(x, input, y, output);
            }
            else if (outputs is [var merged])
            {
                coupling.Later(() => Merge(coupling, (x, inputs), (y, merged), inputs));
            }
            else if (inputs is [var cut])
            {
                // Of a dimension that is cut, the inner part may lose places, as it does between the groups of a convolution.
                coupling.Later(() => Merge(coupling, (y, outputs), (x, cut), outputs.Reverse()));
            }
            else
            {
                Fix(coupling, x, inputs);
                Fix(coupling, y, outputs);
            }
        }

        FixWhatIsWritten(coupling, node);
        return true;
    }

    /// <summary>The smallest runs of dimensions on both sides that have as many elements; dimensions of size 1 belong to none.</summary>
    public static IEnumerable<(int[] Inputs, int[] Outputs)> Pieces(TensorShape from, TensorShape to)
    {
        int[] inputs = [.. Enumerable.Range(0, from.Rank).Where(a => from[a] > 1)];
        int[] outputs = [.. Enumerable.Range(0, to.Rank).Where(a => to[a] > 1)];
        for (int i = 0, o = 0; i < inputs.Length && o < outputs.Length; )
        {
            var (firstInput, firstOutput) = (i, o);
            long left = from[inputs[i++]];
            long right = to[outputs[o++]];
            while (left != right)
            {
                if (left < right)
                {
                    left *= from[inputs[i++]];
                }
                else
                {
                    right *= to[outputs[o++]];
                }
            }

            yield return (inputs[firstInput..i], outputs[firstOutput..o]);
        }
    }

    /// <summary>Lets the first dimension that can lose places do so, and the others keep their size.</summary>
    private static void Merge(Coupling coupling, (string Name, int[] Axes) parts, (string Name, int Axis) whole, IEnumerable<int> preferred)
    {
        var shape = coupling.Shape(parts.Name)!;
        var chosen = preferred.FirstOrDefault(
            axis => Enumerable.Range(0, shape[axis]).Any(i => !coupling.Units.IsFixed(new Slice(parts.Name, axis, i))),
            -1
        );
        Fix(coupling, parts.Name, parts.Axes.Where(a => a != chosen));
        if (chosen < 0)
        {
            coupling.Fix(whole.Name, whole.Axis);
            return;
        }

        var inner = parts.Axes.Where(a => a > chosen).Aggregate(1, (product, axis) => product * shape[axis]);
        for (var i = 0; i < coupling.Shape(whole.Name)![whole.Axis]; i++)
        {
            var place = new Slice(parts.Name, chosen, i / inner % shape[chosen]);
            coupling.Units.Join(new Slice(whole.Name, whole.Axis, i), place);
        }
    }

    private static void Fix(Coupling coupling, string value, IEnumerable<int> axes)
    {
        foreach (var axis in axes)
        {
            coupling.Fix(value, axis);
        }
    }

    /// <summary>A size that other nodes compute cannot be rewritten: what it says has to stay.</summary>
    private static void FixWhatIsWritten(Coupling coupling, NodeProto node)
    {
        if (node.OpType != "Reshape" || coupling.Model.Constant(node.Input[1]) is not null)
        {
            return;
        }

        var sizes = ComputedSizes(coupling, node.Input[1]);
        for (var axis = 0; axis < coupling.Shape(node.Output[0])!.Rank; axis++)
        {
            if (sizes is null || axis >= sizes.Count || sizes[axis] is not (-1 or 0))
            {
                coupling.Fix(node.Output[0], axis);
            }
        }
    }

    /// <summary>A size an entry of a shape that is put together of pieces; null where it is computed.</summary>
    private static List<long?>? ComputedSizes(Coupling coupling, string shape) =>
        coupling.Model.Producer(shape) is { OpType: "Concat" } concat
            ?
            [
                .. concat.Input.SelectMany(i =>
                    coupling.Model.Constant(i) is { } constant
                        ? constant.ToLongs().Select(s => (long?)s)
                        : Enumerable.Repeat<long?>(null, coupling.Shape(i)?.Elements ?? 1)
                ),
            ]
            : null;
}
