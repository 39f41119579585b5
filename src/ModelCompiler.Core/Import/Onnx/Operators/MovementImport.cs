using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators that join, cut, repeat and reorder tensors.</summary>
internal static class MovementImport
{
    public static ImmutableArray<Value> Concat(OnnxNode node, GraphBuilder graph)
    {
        var inputs = Enumerable.Range(0, node.Inputs.Length).Select(node.Input).ToArray();
        return inputs.Length == 1
            ? [inputs[0]]
            : [graph.Add(new Concat(node.Input(0).Shape.NormaliseAxis(node.RequiredInt("axis"))), inputs)];
    }

    public static ImmutableArray<Value> Split(OnnxNode node, GraphBuilder graph)
    {
        var shape = node.Input(0).Shape;
        var axis = shape.NormaliseAxis(node.Int("axis", 0));
        var sizes =
            node.Ints("split") ?? node.OptionalConstantInput(1, "the list of sizes")?.ToLongs() ?? EvenParts(shape[axis], PartCount(node));
        return sizes.Length == 1 && sizes[0] == shape[axis]
            ? [node.Input(0)]
            : graph.AddNode(
                new Split(
                    axis,
                    sizes
                        .Select(s => s >= 0 && s <= shape[axis] ? (int)s : throw new ShapeException($"a part of {s} does not fit {shape}"))
                        .ToArray()
                ),
                node.Input(0)
            );
    }

    public static ImmutableArray<Value> Expand(OnnxNode node, GraphBuilder graph)
    {
        var shape = TensorShape.Broadcast(node.Input(0).Shape, ShapeImport.ToShape(node.ConstantInput(1, "the shape")));
        return shape == node.Input(0).Shape ? [node.Input(0)] : [graph.Add(new Expand(shape), node.Input(0))];
    }

    public static ImmutableArray<Value> Tile(OnnxNode node, GraphBuilder graph)
    {
        var repeats = ShapeImport.ToShape(node.ConstantInput(1, "the list of repeats"));
        return repeats.All(r => r == 1) && repeats.Rank == node.Input(0).Shape.Rank
            ? [node.Input(0)]
            : [graph.Add(new Tile(repeats.ToArray()), node.Input(0))];
    }

    public static ImmutableArray<Value> Transpose(OnnxNode node, GraphBuilder graph)
    {
        var rank = node.Input(0).Shape.Rank;
        var permutation = node.Ints("perm")?.Select(axis => TensorShape.NormaliseAxis(axis, rank)) ?? Enumerable.Range(0, rank).Reverse();
        return [graph.Add(new Transpose(permutation.ToArray()), node.Input(0))];
    }

    public static ImmutableArray<Value> DepthToSpace(OnnxNode node, GraphBuilder graph)
    {
        var mode = node.Text("mode", "DCR");
        return mode is "DCR" or "CRD"
            ? [graph.Add(new DepthToSpace(BlockSize(node), mode == "CRD", DataLayout.ChannelsFirst), node.Input(0))]
            : throw node.Unsupported($"mode '{mode}' is not supported; supported: DCR, CRD");
    }

    public static ImmutableArray<Value> SpaceToDepth(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new SpaceToDepth(BlockSize(node), DataLayout.ChannelsFirst), node.Input(0))];

    private static int BlockSize(OnnxNode node) =>
        node.RequiredInt("blocksize") is > 0 and < 1 << 15 and var size
            ? (int)size
            : throw new ShapeException($"blocksize is {node.RequiredInt("blocksize")}; a positive number was expected");

    private static int PartCount(OnnxNode node) =>
        node.Int("num_outputs", node.OutputCount) is > 0 and <= 1 << 16 and var count
            ? (int)count
            : throw new ShapeException($"num_outputs is {node.Int("num_outputs", 0)}");

    /// <summary>Equal parts, of which the last may be smaller.</summary>
    private static long[] EvenParts(int size, int count)
    {
        var part = (size + count - 1) / count;
        return [.. Enumerable.Range(0, count).Select(i => (long)Math.Max(Math.Min(part, size - (i * part)), 0))];
    }
}
