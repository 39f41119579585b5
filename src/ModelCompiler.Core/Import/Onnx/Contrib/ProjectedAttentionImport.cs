using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>Attention and QAttention of com.microsoft, which begin with one projection to query, key and value.</summary>
internal static class ProjectedAttentionImport
{
    public static ImmutableArray<Value> Attention(OnnxNode node, GraphBuilder graph)
    {
        Refuse(node, node.HasInput(6));
        var projected = new Term(graph, node.Input(0)).Apply(MatMul.Plain, node.Input(1));
        projected = node.OptionalInput(2) is { } bias ? projected + new Term(graph, bias) : projected;
        return Attend(node, projected, node.OptionalInput(4), 3, 5);
    }

    /// <summary>Inputs: x, weights, bias, their scales, mask, their zero points, past.</summary>
    public static ImmutableArray<Value> Quantised(OnnxNode node, GraphBuilder graph)
    {
        Refuse(node, false);
        var projected = MatMulIntegerToFloatImport.Reals(
            graph,
            new(node.Input(0), node.Input(3), node.OptionalInput(6)),
            new(node.Input(1), node.Input(4), node.OptionalInput(7)),
            node.Input(2)
        );
        return Attend(node, new Term(graph, projected), node.OptionalInput(8), 5, int.MaxValue);
    }

    private static void Refuse(OnnxNode node, bool shared)
    {
        if (node.Int("do_rotary", 0) != 0 || node.Int("past_present_share_buffer", 0) != 0 || shared)
        {
            throw node.Unsupported("do_rotary and past_present_share_buffer of 1 are not supported; supported: 0");
        }
    }

    private static ImmutableArray<Value> Attend(OnnxNode node, Term projected, Value? past, int mask, int bias)
    {
        var sizes = Sizes(node, projected.Shape);
        var heads = (int)Math.Min(node.RequiredInt("num_heads"), TensorShape.MaxElements);
        if (heads < 1 || sizes.Any(s => s % heads != 0))
        {
            throw new ShapeException($"[{string.Join(",", sizes)}] do not divide into {heads} heads");
        }

        Term Part(int part)
        {
            var x = projected.Slice(2, sizes.Take(part).Sum(), sizes[part]);
            return x.Reshape(x.Shape[0], x.Shape[1], heads, sizes[part] / heads).Transpose(0, 2, 1, 3);
        }

        var (query, key, value) = (Part(0), Part(1), Part(2));
        if (past is not null)
        {
            var both = new Term(projected.Graph, past);
            key = Earlier(both, 0).Apply(new Concat(2), key.Value);
            value = Earlier(both, 1).Apply(new Concat(2), value.Value);
        }

        var scale = node.Float("scale", 0) is var given and not 0 ? given : (float)(1 / Math.Sqrt(query.Shape[3]));
        var before = key.Shape[2] - query.Shape[2];
        var attended = ScaledAttention.Of(query, key, value, scale, 0, products => AttentionMasks.Of(node, mask, bias, products, before));
        if (!node.HasOutput(1))
        {
            return [attended.ByPosition.Value];
        }

        var present = key.Reshape([1, .. key.Shape]).Apply(new Concat(0), value.Reshape([1, .. value.Shape]).Value);
        return [attended.ByPosition.Value, present.Value];
    }

    private static Term Earlier(Term both, int which) =>
        both.Shape.Rank == 5 && both.Shape[0] == 2
            ? both.Slice(0, which, 1).Reshape(both.Shape.Skip(1))
            : throw new ShapeException($"past keys and values [2, …] were expected, found {both.Shape}");

    private static int[] Sizes(OnnxNode node, TensorShape projected)
    {
        var width = projected.Rank == 3 ? projected[2] : throw new ShapeException($"rows of words were expected, found {projected}");
        long[] sizes = node.Ints("qkv_hidden_sizes") is { Length: 3 } given ? given : [width / 3, width / 3, width / 3];
        return sizes.All(s => s is > 0 and <= TensorShape.MaxElements) && sizes.Sum() == width && sizes[0] == sizes[1]
            ? [.. sizes.Select(s => (int)s)]
            : throw new ShapeException($"a width of {width} does not divide into [{string.Join(",", sizes)}]");
    }
}
