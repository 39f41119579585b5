using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Conv and ConvTranspose.</summary>
internal static class ConvImport
{
    public static ImmutableArray<Value> Conv(OnnxNode node, GraphBuilder graph) => [graph.Add(ConvOf(node, Clamp.None), Operands(node))];

    public static Conv ConvOf(OnnxNode node, Clamp activation) =>
        new(WindowImport.OfConvolution(node, node.Input(0).Shape, node.Input(1).Shape), Group(node), DataLayout.ChannelsFirst, activation);

    public static Value?[] Operands(OnnxNode node) =>
        node.HasInput(2) ? [node.Input(0), node.Input(1), node.Input(2)] : [node.Input(0), node.Input(1)];

    public static ImmutableArray<Value> ConvTranspose(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0).Shape;

        // auto_pad means something else here: what to cut off the output, which is resolved below.
        var window = WindowImport.OfConvolution(node, x, node.Input(1).Shape);
        var padding = Numbers(node, "output_padding", window.Rank) ?? new int[window.Rank];
        var op = new ConvTranspose(window, padding, Group(node), DataLayout.ChannelsFirst, Clamp.None);
        var automatic = node.Text("auto_pad", "NOTSET");
        if (Numbers(node, "output_shape", window.Rank, allowAll: true) is { } sizes)
        {
            op = WithOutputShape(op, x, sizes, upper: automatic == "SAME_UPPER");
        }
        else if (automatic is "SAME_UPPER" or "SAME_LOWER")
        {
            int[] same = [.. Enumerable.Range(0, window.Rank).Select(axis => x[axis + 2] * window.Strides[axis])];
            op = WithOutputShape(op, x, same, upper: automatic == "SAME_UPPER");
        }

        return [graph.Add(op, Operands(node))];
    }

    /// <summary>Chooses the pads so that the output has the given spatial sizes.</summary>
    private static ConvTranspose WithOutputShape(ConvTranspose op, TensorShape x, int[] sizes, bool upper)
    {
        var rank = op.Window.Rank;
        var none = op with { Window = op.Window with { PadsBegin = new int[rank], PadsEnd = new int[rank] } };
        var (begin, end, extra) = (new int[rank], new int[rank], op.OutputPadding.ToArray());
        for (var axis = 0; axis < rank; axis++)
        {
            var total = none.OutputSize(axis, x[axis + 2]) - sizes[axis];
            if (total < 0)
            {
                // More was asked for than the window covers: the rest is only bias.
                extra[axis] -= total;
                total = 0;
            }

            begin[axis] = upper ? total / 2 : total - (total / 2);
            end[axis] = total - begin[axis];
        }

        return op with
        {
            Window = op.Window with { PadsBegin = begin, PadsEnd = end },
            OutputPadding = extra,
        };
    }

    private static int[]? Numbers(OnnxNode node, string attribute, int count, bool allowAll = false)
    {
        if (node.Ints(attribute) is not { Length: > 0 } given)
        {
            return null;
        }

        // output_shape may hold batch and channels too.
        if (allowAll && given.Length == count + 2)
        {
            given = [.. given.Skip(2)];
        }

        return given.Length == count && given.All(g => g is >= 0 and <= TensorShape.MaxElements)
            ? [.. given.Select(g => (int)g)]
            : throw new ShapeException(
                $"{attribute} is [{string.Join(",", given)}]; {count} numbers in [0, {TensorShape.MaxElements}] were expected"
            );
    }

    private static int Group(OnnxNode node) =>
        node.Int("group", 1) is >= 1 and <= int.MaxValue and var group
            ? (int)group
            : throw new ShapeException($"group is {node.Int("group", 1)}; 1 or more was expected");
}
