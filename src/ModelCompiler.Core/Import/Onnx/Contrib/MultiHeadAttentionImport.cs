using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>MultiHeadAttention of com.microsoft: query, key and value are projected already, in one of several layouts.</summary>
internal static class MultiHeadAttentionImport
{
    public static ImmutableArray<Value> MultiHeadAttention(OnnxNode node, GraphBuilder graph)
    {
        if (node.HasInput(8) || node.HasInput(9) || node.HasOutput(3))
        {
            throw node.Unsupported("caches that are shared with their outputs, beams, and the output qk are not supported");
        }

        var (query, key, value) = Operands(node, graph);
        var past = node.OptionalInput(6)?.Shape[2] ?? 0;
        (key, value) = (WithPast(node, key, 6), WithPast(node, value, 7));
        var scale = node.Float("scale", 0) is var given and not 0 ? given : (float)(1 / Math.Sqrt(query.Shape[3]));
        var attended = ScaledAttention.Of(query, key, value, scale, 0, products => AttentionMasks.Of(node, 4, 5, products, past));
        return [attended.ByPosition.Value, key.Value, value.Value];
    }

    /// <summary>Query, key and value as [batch, heads, length, size], with the bias of the projection.</summary>
    private static (Term Query, Term Key, Term Value) Operands(OnnxNode node, GraphBuilder graph)
    {
        var heads = node.RequiredInt("num_heads") is > 0 and <= TensorShape.MaxElements and var number
            ? (int)number
            : throw new ShapeException($"num_heads is {node.RequiredInt("num_heads")}");
        var query = new Term(graph, node.Input(0));
        if (query.Shape.Rank == 5)
        {
            return (Split(node, query, 0, 3, 0), Split(node, query, 1, 3, 1), Split(node, query, 2, 3, 2));
        }

        var size =
            query.Shape.Rank == 3 ? query.Shape[2] : throw new ShapeException($"a query of rank 3 or 5 was expected, found {query.Shape}");
        var biased = Projected(node, query, 0, heads, 0, size);
        var key = new Term(graph, node.Input(1));
        if (key.Shape.Rank == 5)
        {
            return (biased, Split(node, key, 0, 2, 1), Split(node, key, 1, 2, 2));
        }

        var value = new Term(graph, node.Input(2));
        return key.Shape.Rank == 4
            ? (biased, key, value)
            : (
                biased,
                Projected(node, key, 1, heads, size, size),
                Projected(node, value, 2, heads, 2 * size, value.Shape[value.Shape.Rank - 1])
            );
    }

    /// <summary>[batch, length, heads · size] plus its part of the bias, as heads.</summary>
    private static Term Projected(OnnxNode node, Term x, int input, int heads, int begin, int size)
    {
        if (x.Shape.Rank != 3 || x.Shape[2] != size || size % heads != 0)
        {
            throw new ShapeException($"input {input} {x.Shape} does not divide into {heads} heads");
        }

        var biased = node.OptionalInput(3) is { } bias ? x + new Term(x.Graph, bias).Slice(0, begin, size) : x;
        return biased.Reshape(x.Shape[0], x.Shape[1], heads, size / heads).Transpose(0, 2, 1, 3);
    }

    /// <summary>One part of [batch, length, heads, parts, size] plus its part of the bias, as heads.</summary>
    private static Term Split(OnnxNode node, Term packed, int part, int parts, int role)
    {
        var (batch, length, heads, size) = (packed.Shape[0], packed.Shape[1], packed.Shape[2], packed.Shape[4]);
        if (packed.Shape[3] != parts)
        {
            throw new ShapeException($"{parts} packed parts were expected, found {packed.Shape}");
        }

        var x = packed.Slice(3, part, 1).Reshape(batch, length, heads * size);
        return Projected(node, x, 0, heads, role * heads * size, heads * size);
    }

    private static Term WithPast(OnnxNode node, Term present, int input) =>
        node.OptionalInput(input) is { } past ? new Term(present.Graph, past).Apply(new Concat(2), present.Value) : present;
}
