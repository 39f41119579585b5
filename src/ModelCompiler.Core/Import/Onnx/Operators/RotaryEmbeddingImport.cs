using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>RotaryEmbedding (opset 23): pairs of elements of each head turned by the angle of their position.</summary>
internal static class RotaryEmbeddingImport
{
    public static ImmutableArray<Value> RotaryEmbedding(OnnxNode node, GraphBuilder graph)
    {
        var given = new Term(graph, node.Input(0));
        var x = ByPosition(node, given);
        var size = x.Shape[3];
        var turned = node.Int("rotary_embedding_dim", 0) is > 0 and <= int.MaxValue and var part ? (int)part : size;
        if (turned > size || turned % 2 != 0)
        {
            throw new ShapeException($"{turned} turned elements of {size} were asked for; an even number that fits was expected");
        }

        var half = turned / 2;
        var output = Turn(x, Angles(node, graph, 1, half), Angles(node, graph, 2, half), node.Int("interleaved", 0) != 0, turned);
        return [(given.Shape.Rank == 4 ? output.Transpose(0, 2, 1, 3) : output.Reshape(given.Shape)).Value];
    }

    /// <summary>Turns pairs among the first elements of each head.</summary>
    /// <param name="x">[batch, length, heads, size].</param>
    /// <param name="cos">Cosines, which broadcast to [batch, length, heads, turned/2].</param>
    /// <param name="sin">Sines of the same shape.</param>
    /// <param name="interleaved">Whether pairs are neighbours, or lie half of the turned elements apart.</param>
    /// <param name="turned">How many elements are turned.</param>
    public static Term Turn(Term x, Term cos, Term sin, bool interleaved, int turned)
    {
        var (batch, length, heads, size) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        var half = turned / 2;
        var pairs = x.Slice(3, 0, turned).Reshape(interleaved ? [batch, length, heads, half, 2] : [batch, length, heads, 2, half]);
        var axis = interleaved ? 4 : 3;
        var (a, b) = (Half(0), Half(1));
        var (first, second) = ((cos * a) - (sin * b), (sin * a) + (cos * b));
        var joined = interleaved
            ? first.Reshape(batch, length, heads, half, 1).Apply(new Concat(4), second.Reshape(batch, length, heads, half, 1).Value)
            : first.Apply(new Concat(3), second.Value);
        var output = joined.Reshape(batch, length, heads, turned);
        return turned < size ? output.Apply(new Concat(3), x.Slice(3, turned, size - turned).Value) : output;

        Term Half(int which) => pairs.Slice(axis, which, 1).Reshape(batch, length, heads, half);
    }

    /// <summary>The input as [batch, length, heads, size].</summary>
    private static Term ByPosition(OnnxNode node, Term x)
    {
        if (x.Shape.Rank == 4)
        {
            return x.Transpose(0, 2, 1, 3);
        }

        var heads = x.Shape.Rank == 3 ? node.RequiredInt("num_heads") : 0;
        return heads > 0 && x.Shape[2] % heads == 0
            ? x.Reshape(x.Shape[0], x.Shape[1], (int)heads, x.Shape[2] / (int)heads)
            : throw new ShapeException($"{x.Shape} does not divide into {heads} heads");
    }

    /// <summary>Cosines or sines as [batch, length, 1, half], picked by position where positions are given.</summary>
    private static Term Angles(OnnxNode node, GraphBuilder graph, int input, int half)
    {
        var cache = new Term(graph, node.Input(input));
        cache = node.OptionalInput(3) is { } positions ? cache.Apply(new Gather(0), positions) : cache;
        return cache.Shape.Rank == 3 && cache.Shape[2] == half
            ? cache.Reshape(cache.Shape[0], cache.Shape[1], 1, half)
            : throw new ShapeException($"input {input} gives {cache.Shape}; {half} angles for each position were expected");
    }
}
