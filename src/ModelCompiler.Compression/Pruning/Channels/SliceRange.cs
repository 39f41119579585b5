using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>What a Slice node takes of one dimension.</summary>
/// <param name="Begin">The first place.</param>
/// <param name="End">Behind the last one, where the step is positive.</param>
/// <param name="Step">Distance of two places.</param>
internal readonly record struct SliceRange(int Begin, int End, long Step)
{
    /// <summary>One range a dimension; null where they are not constant.</summary>
    public static IReadOnlyList<SliceRange>? Of(OnnxModel model, NodeProto node, TensorShape shape)
    {
        var starts = CouplingRules.Numbers(model, node, "starts", 1);
        var ends = CouplingRules.Numbers(model, node, "ends", 2);
        if (starts is null || ends is null || !TryOptional("axes", 3, out var axes) || !TryOptional("steps", 4, out var steps))
        {
            return null;
        }

        SliceRange[] ranges = [.. shape.Select(size => new SliceRange(0, size, 1))];
        for (var i = 0; i < starts.Count; i++)
        {
            var axis = TensorShape.NormaliseAxis(axes?[i] ?? i, shape.Rank);
            var (size, step) = (shape[axis], steps?[i] ?? 1);
            ranges[axis] = new SliceRange(Place(starts[i], size), Place(ends[i], size), step);
        }

        return ranges;

        bool TryOptional(string name, int input, out IReadOnlyList<long>? numbers)
        {
            numbers = CouplingRules.Numbers(model, node, name, input);
            return numbers is not null || node.Input.Count <= input || node.Input[input].Length == 0;
        }
    }

    private static int Place(long place, int size) => (int)Math.Clamp(place < 0 ? place + size : place, 0, size);
}
