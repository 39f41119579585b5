using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Sizes;

/// <summary>
/// Where a tensor holds the items of a batch: index [outer, item, inner] of one dimension, so that items may stand in a dimension of
/// their own or share one with others, as where [batch, time] became rows.
/// </summary>
/// <param name="Axis">The dimension.</param>
/// <param name="Inner">How many of its elements belong to an item one after the other.</param>
internal readonly record struct ItemAxis(int Axis, int Inner);

/// <summary>A node in the graph of a model for two sizes of its batch.</summary>
/// <param name="Few">The node for the smaller number of items.</param>
/// <param name="Many">The same node for the larger.</param>
/// <param name="FewItems">The smaller number.</param>
/// <param name="Inputs">Where its inputs hold the items; null for those that all items share.</param>
internal sealed record BatchNode(Node Few, Node Many, int FewItems, IReadOnlyList<ItemAxis?> Inputs)
{
    public TensorShape InputShape(int input) => Few.Input(input).Shape;

    public TensorShape Output => Few.Output.Shape;

    /// <summary>Whether input 0 alone holds items.</summary>
    public bool OnlyFirst => Inputs[0] is not null && Inputs.Skip(1).All(i => i is null);

    /// <summary>The dimension in which the output differs between the two sizes; null where there is none, or more than one.</summary>
    public int? GrownAxis => BatchShapes.GrownAxis(Few.Output.Shape, Many.Output.Shape);
}

/// <summary>
/// How operators treat the items of a batch. A rule says where the outputs hold items whose elements depend on the same item of the
/// inputs alone, and on each in the same way; an operator without a rule may do anything.
/// </summary>
internal static class BatchRules
{
    /// <summary>Where the outputs of a node hold the items; null where items may influence each other.</summary>
    public static IReadOnlyList<ItemAxis?>? Outputs(BatchNode node)
    {
        if (node.Inputs.All(i => i is null))
        {
            return Shared(node);
        }

        ItemAxis? axis = (node.Few.Operator, node.Many.Operator) switch
        {
            (Reshape, Reshape) => Reshaped(node),
            (Expand, Expand) => Expanded(node),
            (Slice few, Slice many) => Sliced(node, few, many),
            (Resize few, Resize many) => Resized(node, few, many),
            (var few, var many) when !few.Equals(many) => null,
            (RecurrentLayer op, _) => AxesOf(op, node) is { } axes ? axes[0] : null,
            (IElementwiseOperator, _) => Broadcast(node),
            (MatMul op, _) => Product(node, op.TransposeA, op.TransposeB),
            (QuantizedMatMul, _) => Product(node, false, false),
            (Concat op, _) => Same(node, node.Inputs.Count) is { } same && same.Axis != op.Axis ? same : null,
            (GatherElements op, _) => Same(node, 2) is { } same && same.Axis != op.Axis ? same : null,
            (ScatterElements op, _) => Same(node, 3) is { } same && same.Axis != op.Axis ? same : null,
            (Gather op, _) => Gathered(node, op.Axis),
            (var op, _) => node.OnlyFirst ? OfFirst(op, node, node.Inputs[0]!.Value) : null,
        };
        return axis is null ? null
            : node.Few.Operator is RecurrentLayer recurrent ? AxesOf(recurrent, node)
            : [.. node.Few.Outputs.Select(_ => axis)];
    }

    /// <summary>Operators of one tensor with items; what else they read, all items share.</summary>
    private static ItemAxis? OfFirst(Operator op, BatchNode node, ItemAxis axis)
    {
        var (k, last) = (axis.Axis, node.InputShape(0).Rank - 1);
        return op switch
        {
            ISpatialOperator or TreeEnsemble => KeptIf(k == 0),
            BatchNormalization => KeptIf(k != 1),
            LayerNormalization normalization => KeptIf(k < normalization.Axis),
            Softmax softmax => KeptIf(k != softmax.Axis),
            QuantizedSoftmax softmax => KeptIf(k != softmax.Axis),
            Cumulative cumulative => KeptIf(k != cumulative.Axis),
            TopK best => KeptIf(k != best.Axis),
            Split split => KeptIf(k != split.Axis),
            Pad pad => KeptIf(pad.Begin[k] == 0 && pad.End[k] == 0),
            Tile tile => KeptIf(tile.Repeats[k] == 1),
            BlockMatMul => KeptIf(k != last),
            Fourier fourier => KeptIf(k != fourier.Axis && k != last),
            QuantizeLinear { Grid: { } grid } => KeptIf(grid.IsPerTensor || grid.Axis != k),
            DequantizeLinear { Grid: { } grid } => KeptIf(grid.IsPerTensor || grid.Axis != k),
            QuantizeLinear quantize => KeptIf(node.InputShape(1).Elements == 1 || quantize.Axis != k),
            DequantizeLinear dequantize => KeptIf(node.InputShape(1).Elements == 1 || dequantize.Axis != k),
            Transpose transpose => axis with { Axis = transpose.Permutation.Items.IndexOf(k) },
            OneHot hot => axis with { Axis = k < hot.Axis ? k : k + 1 },
            ArgMax best => Reduced(axis, (int[])[best.Axis], best.KeepDims),
            Reduce reduce => Reduced(axis, reduce.Axes, reduce.KeepDims),
            _ => null,
        };

        ItemAxis? KeptIf(bool kept) => kept ? axis : null;
    }

    /// <summary>What is computed of shared tensors is shared, unless it is there once for each item.</summary>
    private static IReadOnlyList<ItemAxis?>? Shared(BatchNode node)
    {
        if (node.Few.Operator.Equals(node.Many.Operator))
        {
            return [.. node.Few.Outputs.Select(_ => (ItemAxis?)null)];
        }

        if (node.GrownAxis is not { } axis || node.Output[axis] % node.FewItems != 0)
        {
            return null;
        }

        var repeated = node.Few.Operator switch
        {
            Expand => true,
            Tile tile => tile.Repeats[axis] == node.FewItems,
            _ => false,
        };
        return repeated ? [new ItemAxis(axis, node.Output[axis] / node.FewItems)] : null;
    }

    /// <summary>Items keep their elements and stand as far from each other as before.</summary>
    private static ItemAxis? Reshaped(BatchNode node)
    {
        var (axis, input, output) = (node.Inputs[0]!.Value, node.InputShape(0), node.Output);
        if (node.GrownAxis is not { } grown || output.Elements == 0)
        {
            return null;
        }

        var outer = input.Product(0, axis.Axis) * (input[axis.Axis] / axis.Inner / node.FewItems);
        var block = axis.Inner * input.Product(axis.Axis + 1, input.Rank);
        var (before, behind) = (output.Product(0, grown), output.Product(grown + 1, output.Rank));
        return outer % before == 0 && block % behind == 0 && outer / before * node.FewItems * (block / behind) == output[grown]
            ? new ItemAxis(grown, block / behind)
            : null;
    }

    private static ItemAxis? Expanded(BatchNode node)
    {
        var (axis, input) = (node.Inputs[0]!.Value, node.InputShape(0));
        var output = axis.Axis + node.Output.Rank - input.Rank;
        return node.Output[output] == input[axis.Axis] ? axis with { Axis = output } : null;
    }

    private static ItemAxis? Sliced(BatchNode node, Slice few, Slice many)
    {
        var axis = node.Inputs[0]!.Value;
        var whole =
            few.Starts[axis.Axis] == 0
            && few.Steps[axis.Axis] == 1
            && few.Sizes[axis.Axis] == node.InputShape(0)[axis.Axis]
            && few.Starts == many.Starts
            && few.Steps == many.Steps;
        return whole ? axis : null;
    }

    private static ItemAxis? Resized(BatchNode node, Resize few, Resize many)
    {
        var axis = node.Inputs[0]!.Value;
        var same = few with { Axes = default } == many with { Axes = default } && few.Axes.Count == many.Axes.Count;
        for (var i = 0; same && i < few.Axes.Count; i++)
        {
            same =
                i == axis.Axis
                    ? few.Axes[i].IsUnchanged(node.InputShape(0)[i]) && many.Axes[i].IsUnchanged(node.Many.Input(0).Shape[i])
                    : few.Axes[i] == many.Axes[i];
        }

        return same && node.OnlyFirst ? axis : null;
    }

    /// <summary>All inputs that have the dimension of the items hold them in the same way.</summary>
    private static ItemAxis? Broadcast(BatchNode node)
    {
        ItemAxis? found = null;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            if (node.Inputs[i] is not { } axis)
            {
                continue;
            }

            var aligned = axis with { Axis = axis.Axis + node.Output.Rank - node.InputShape(i).Rank };
            if (found is not null && found != aligned)
            {
                return null;
            }

            found = aligned;
        }

        return Enumerable.Range(0, node.Inputs.Count).All(i => node.Inputs[i] is not null || SizeAt(node, i, found!.Value.Axis) == 1)
            ? found
            : null;
    }

    /// <summary>The size of an input at a dimension of the output that it is broadcast to.</summary>
    private static int SizeAt(BatchNode node, int input, int outputAxis)
    {
        if (node.Few.Inputs[input]?.Shape is not { } shape)
        {
            return 1;
        }

        var axis = outputAxis - node.Output.Rank + shape.Rank;
        return axis >= 0 ? shape[axis] : 1;
    }

    /// <summary>Items are rows of a, columns of b, or among the outer dimensions of either; never what is summed over.</summary>
    private static ItemAxis? Product(BatchNode node, bool transposeA, bool transposeB)
    {
        if (node.Inputs.Skip(2).Any(i => i is not null))
        {
            return null;
        }

        var (a, b) = (FromEnd(node, 0, transposeA), FromEnd(node, 1, transposeB));
        // An operand of rank 1 has a dimension that the output lacks: the last of the output for b, the one before for a.
        var last = node.Output.Rank - 1;
        var (columns, rows) = (node.InputShape(1).Rank == 1 ? 0 : 1, node.InputShape(0).Rank == 1 ? 0 : 1);
        return (a, b) switch
        {
            ({ Axis: >= 2 } left, { } right) when left == right => left with { Axis = last - left.Axis },
            ({ Axis: >= 1 } left, null) => left with { Axis = last - left.Axis + 1 - columns },
            (null, { Axis: 0 } right) => right with { Axis = last },
            (null, { Axis: >= 2 } right) => right with { Axis = last - right.Axis + 1 - rows },
            _ => null,
        };
    }

    /// <summary>The dimension of the items counted from the end, as the product sees it.</summary>
    private static ItemAxis? FromEnd(BatchNode node, int input, bool isTransposed)
    {
        if (node.Inputs[input] is not { } axis)
        {
            return null;
        }

        var fromEnd = node.InputShape(input).Rank - 1 - axis.Axis;
        return axis with { Axis = isTransposed && fromEnd < 2 ? 1 - fromEnd : fromEnd };
    }

    /// <summary>The place of the items where the first inputs all hold them in the same way, and no other does.</summary>
    private static ItemAxis? Same(BatchNode node, int count) =>
        node.Inputs.Take(count).All(i => i is not null && i == node.Inputs[0]) && node.Inputs.Skip(count).All(i => i is null)
            ? node.Inputs[0]
            : null;

    private static ItemAxis? Gathered(BatchNode node, int axis) =>
        (node.Inputs[0], node.Inputs[1]) switch
        {
            ({ } data, null) when data.Axis < axis => data,
            ({ } data, null) when data.Axis > axis => data with { Axis = data.Axis - 1 + node.InputShape(1).Rank },
            (null, { } indices) => indices with { Axis = indices.Axis + axis },
            _ => null,
        };

    private static ItemAxis? Reduced(ItemAxis axis, EquatableArray<int> axes, bool keepDims) =>
        axes.Contains(axis.Axis) ? null
        : keepDims ? axis
        : axis with { Axis = axis.Axis - axes.Count(a => a < axis.Axis) };

    /// <summary>A recurrent layer goes through each sequence of its batch for itself.</summary>
    private static IReadOnlyList<ItemAxis?>? AxesOf(RecurrentLayer op, BatchNode node)
    {
        if (node.Inputs[0] is not { Axis: 1 } batch)
        {
            return null;
        }

        for (var i = 1; i < node.Inputs.Count; i++)
        {
            ItemAxis? wanted = i switch
            {
                RecurrentLayer.Lengths => batch with { Axis = 0 },
                RecurrentLayer.InitialHidden or RecurrentLayer.InitialCell => batch,
                _ => null,
            };
            if (node.Few.HasInput(i) && node.Inputs[i] != wanted)
            {
                return null;
            }
        }

        return [.. node.Few.Outputs.Select((_, i) => (ItemAxis?)(op.GivesSequence && i == 0 ? batch with { Axis = 2 } : batch))];
    }
}
