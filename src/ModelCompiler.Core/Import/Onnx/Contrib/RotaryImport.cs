using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>RotaryEmbedding of com.microsoft. Inputs: x, positions [batch, length] or the first position, cosines, sines.</summary>
internal static class RotaryImport
{
    public static ImmutableArray<Value> RotaryEmbedding(OnnxNode node, GraphBuilder graph)
    {
        if (node.Int("is_packed_batching", 0) != 0)
        {
            throw node.Unsupported("is_packed_batching of 1 is not supported; supported: 0");
        }

        var given = new Term(graph, node.Input(0));
        var part = node.Int("rotary_embedding_dim", 0);
        var half = node.Input(2).Shape is { Rank: 2 } cache ? cache[1] : throw new ShapeException($"rows of angles were expected");
        var x = ByPosition(node, given, part > 0 ? 0 : 2 * half);
        if (2 * half > x.Shape[3] || (part > 0 && part != 2 * half))
        {
            throw new ShapeException($"{half} angles do not fit heads of {x.Shape[3]} elements, {part} of which are turned");
        }

        var output = RotaryEmbeddingImport.Turn(x, Angles(2), Angles(3), node.Int("interleaved", 0) != 0, 2 * half);
        return [(given.Shape.Rank == 4 ? output.Transpose(0, 2, 1, 3) : output.Reshape(given.Shape)).Value];

        Term Angles(int input)
        {
            var picked = new Term(graph, node.Input(input)).Apply(new Gather(0), Positions(node, graph, x.Shape[1]).Value);
            return picked.Reshape(picked.Shape[0], picked.Shape[1], 1, half);
        }
    }

    private static Term Positions(OnnxNode node, GraphBuilder graph, int length)
    {
        var positions = new Term(graph, node.Input(1));
        return positions.Shape.Rank == 2 ? positions
            : positions.Shape.Elements == 1 ? positions.Reshape(1, 1) + AttentionMasks.Steps(graph, length, 1).Reshape(1, length)
            : throw new ShapeException($"positions [batch, {length}], or one, were expected, found {positions.Shape}");
    }

    /// <summary>x as [batch, length, heads, size]; where nothing says how many heads there are, they have the given size.</summary>
    private static Term ByPosition(OnnxNode node, Term x, int size)
    {
        if (x.Shape.Rank == 4)
        {
            return x.Transpose(0, 2, 1, 3);
        }

        var width = x.Shape.Rank == 3 ? x.Shape[2] : throw new ShapeException($"x of rank 3 or 4 was expected, found {x.Shape}");
        var heads = node.Int("num_heads", 0) is > 0 and <= TensorShape.MaxElements and var number ? (int)number : width / Math.Max(size, 1);
        return heads > 0 && width % heads == 0
            ? x.Reshape(x.Shape[0], x.Shape[1], heads, width / heads)
            : throw new ShapeException($"{x.Shape} does not divide into {heads} heads");
    }
}
