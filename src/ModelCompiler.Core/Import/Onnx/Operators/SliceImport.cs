using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class SliceImport
{
    public static ImmutableArray<Value> Slice(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var starts = node.Ints("starts") ?? node.ConstantInput(1, "starts").ToLongs();
        var ends = node.Ints("ends") ?? node.ConstantInput(2, "ends").ToLongs();
        var axes =
            node.Ints("axes")
            ?? node.OptionalConstantInput(3, "the list of axes")?.ToLongs()
            ?? [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        var steps = node.OptionalConstantInput(4, "steps")?.ToLongs() ?? [.. starts.Select(_ => 1L)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
        {
            throw new ShapeException(
                $"starts, ends, axes and steps need equal lengths, found {starts.Length}, {ends.Length}, {axes.Length}, {steps.Length}"
            );
        }

        var first = new int[shape.Rank];
        var sizes = shape.ToArray();
        var step = shape.Select(_ => 1).ToArray();
        for (var i = 0; i < starts.Length; i++)
        {
            var axis = shape.NormaliseAxis(axes[i]);
            if (node.Input(0).RunTimeSize?.Axis == axis && (starts[i] < 0 || ends[i] < 0))
            {
                throw node.Unsupported(
                    $"a slice that counts from the end of dimension {axis}, whose size depends on the data, is not supported"
                );
            }

            (first[axis], sizes[axis], step[axis]) = Resolve(shape[axis], starts[i], ends[i], steps[i]);
        }

        var slice = new Slice(first, sizes, step);
        return new TensorShape(sizes) == shape && step.All(s => s == 1) ? [node.Input(0)] : [graph.Add(slice, node.Input(0))];
    }

    /// <summary>The first element, the number of elements and the step, by ONNX's rules for clamping.</summary>
    private static (int First, int Size, int Step) Resolve(int size, long start, long end, long step)
    {
        if (step == 0)
        {
            throw new ShapeException("a step is 0");
        }

        // A step beyond the dimension picks one element, like one of the dimension's size.
        var bounded = Math.Min(Math.Max(step, -Math.Max(size, 1)), Math.Max(size, 1));
        var from = Clamp(start, size, 0, step > 0 ? size : size - 1);
        var to = Clamp(end, size, step > 0 ? 0 : -1, size);
        var count = Math.Max((to - from + bounded - Math.Sign(step)) / bounded, 0);
        return count == 0 ? (0, 0, 1) : ((int)from, (int)count, (int)bounded);
    }

    private static long Clamp(long index, int size, long low, long high) => Math.Min(Math.Max(index < 0 ? index + size : index, low), high);
}
