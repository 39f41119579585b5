using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators that cut, pad or turn round along chosen dimensions.</summary>
internal static class SequenceImport
{
    /// <summary>The middle of each dimension, or zeros around it: what is odd goes to the end.</summary>
    public static ImmutableArray<Value> CenterCropPad(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        int[] axes = [.. node.Ints("axes")?.Select(x.Shape.NormaliseAxis) ?? Enumerable.Range(0, x.Shape.Rank)];
        var wanted = ShapeImport.ToShape(node.ConstantInput(1, "the shape"));
        if (wanted.Rank != axes.Length)
        {
            throw new ShapeException($"{wanted} names {wanted.Rank} sizes for {axes.Length} dimensions");
        }

        var (starts, sizes, before, behind) = (new int[x.Shape.Rank], x.Shape.ToArray(), new int[x.Shape.Rank], new int[x.Shape.Rank]);
        foreach (var (axis, size) in axes.Zip(wanted, (axis, size) => (axis, size)))
        {
            var spare = sizes[axis] - size;
            (starts[axis], before[axis]) = (Math.Max(spare, 0) / 2, Math.Max(-spare, 0) / 2);
            behind[axis] = Math.Max(-spare, 0) - before[axis];
            sizes[axis] = Math.Min(sizes[axis], size);
        }

        var cut = new TensorShape(sizes) == x.Shape ? x : graph.Add(new Slice(starts, sizes, sizes.Select(_ => 1).ToArray()), x);
        return before.Concat(behind).All(p => p == 0) ? [cut] : [graph.Add(new Pad(before, behind, PadMode.Constant, 0), cut)];
    }

    /// <summary>The first elements of each sequence of a batch in reverse; how many is known at run time.</summary>
    public static ImmutableArray<Value> ReverseSequence(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var (timeAxis, batchAxis) = (node.Int("time_axis", 0), node.Int("batch_axis", 1));
        if (x.Shape.Rank < 2 || (timeAxis, batchAxis) is not ((0, 1) or (1, 0)))
        {
            throw new ShapeException($"time and batch were expected as dimensions 0 and 1 of {x.Shape}, found {timeAxis} and {batchAxis}");
        }

        int[] order = [1, 0, .. Enumerable.Range(2, x.Shape.Rank - 2)];
        var sequences = timeAxis == 0 ? x.Transpose(order) : x;
        var (batch, time) = (sequences.Shape[0], sequences.Shape[1]);
        var counted = Tensor.Longs([.. Enumerable.Range(0, time).Select(i => (long)i)]).Reshape(new TensorShape(1, time));
        var step = new Term(graph, graph.Constant(counted));
        var lengths = new Term(graph, node.Input(1)).To(ElementType.Int64).Reshape(batch, 1);
        var source = step.With(BinaryFunction.Less, lengths).Choose(lengths - 1 - step, step);
        var reversed = sequences.Apply(new GatherND(1), source.Reshape(batch, time, 1).Value);
        return [(timeAxis == 0 ? reversed.Transpose(order) : reversed).Value];
    }
}
