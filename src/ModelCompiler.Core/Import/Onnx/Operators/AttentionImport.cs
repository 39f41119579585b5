using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Attention (opset 23, 24): softmax(softcap(scale · Q Kᵀ) + mask) V, with caches of keys and values.</summary>
internal static class AttentionImport
{
    /// <summary>What the optional last output shows (attribute qk_matmul_output_mode).</summary>
    private enum Shown
    {
        Products = 0,
        Capped = 1,
        Masked = 2,
        Probabilities = 3,
    }

    public static ImmutableArray<Value> Attention(OnnxNode node, GraphBuilder graph)
    {
        if (node.HasAttribute("softmax_precision") && (ElementType)node.Int("softmax_precision", 1) == ElementType.Float64)
        {
            throw node.Unsupported("a softmax in Float64 is not supported; supported: the precision of the inputs");
        }

        var query = Heads(node, graph, 0, "q_num_heads");
        var key = WithPast(node, Heads(node, graph, 1, "kv_num_heads"), 4);
        var value = WithPast(node, Heads(node, graph, 2, "kv_num_heads"), 5);
        var (length, size, total) = (query.Shape[2], query.Shape[3], key.Shape[2]);
        var scale = node.HasAttribute("scale") ? node.Float("scale", 1) : (float)(1 / Math.Sqrt(size));
        var attended = ScaledAttention.Of(
            query,
            key,
            value,
            scale,
            node.Float("softcap", 0),
            products => Masks(node, graph, products, length, total)
        );
        var shown = (Shown)node.Int("qk_matmul_output_mode", 0) switch
        {
            Shown.Products => attended.Products,
            Shown.Capped => attended.Capped,
            Shown.Masked => attended.Masked,
            Shown.Probabilities => attended.Probabilities,
            var other => throw new ShapeException($"qk_matmul_output_mode is {(int)other}; 0 to 3 were expected"),
        };
        return [(node.Input(0).Shape.Rank == 3 ? attended.ByPosition : attended.Output).Value, key.Value, value.Value, shown.Value];
    }

    /// <summary>An input as [batch, heads, length, size]; of rank 3 it is [batch, length, heads · size].</summary>
    private static Term Heads(OnnxNode node, GraphBuilder graph, int input, string attribute)
    {
        var x = new Term(graph, node.Input(input));
        if (x.Shape.Rank == 4)
        {
            return x;
        }

        var heads = x.Shape.Rank == 3 ? node.RequiredInt(attribute) : 0;
        return heads > 0 && x.Shape[2] % heads == 0
            ? x.Reshape(x.Shape[0], x.Shape[1], (int)heads, x.Shape[2] / (int)heads).Transpose(0, 2, 1, 3)
            : throw new ShapeException($"input {input} {x.Shape} does not divide into {heads} heads");
    }

    private static Term WithPast(OnnxNode node, Term present, int input) =>
        node.OptionalInput(input) is { } past ? new Term(present.Graph, past).Apply(new Concat(2), present.Value) : present;

    /// <summary>What is added to the products: 0 where a query may see a key, −∞ where not.</summary>
    private static IEnumerable<Term> Masks(OnnxNode node, GraphBuilder graph, Term products, int length, int total)
    {
        var (free, barred) = (products.Number(0), products.Number(double.NegativeInfinity));
        if (node.OptionalInput(3) is { } given)
        {
            var mask = new Term(graph, given);
            mask = given.Element == ElementType.Bool ? mask.Choose(free, barred) : mask;
            yield return Widened(mask, barred, total);
        }

        var keys = Steps(graph, total, 1, total);
        Term? lengths = node.OptionalInput(6) is { } valid
            ? new Term(graph, valid).To(ElementType.Int64).Reshape(valid.Shape.Elements, 1, 1, 1)
            : null;
        if (node.Int("is_causal", 0) != 0)
        {
            // The last query sees the last valid key where the cache is the caller's; else the cache lies before the first query.
            var queries = Steps(graph, length, length, 1);
            var last =
                node.OptionalInput(4) is { } past ? queries + past.Shape[2]
                : lengths is { } count ? queries + (count - length)
                : queries;
            yield return keys.With(BinaryFunction.LessOrEqual, last).Choose(free, barred);
        }

        if (lengths is { } bound)
        {
            yield return keys.With(BinaryFunction.Less, bound).Choose(free, barred);
        }
    }

    /// <summary>A mask over fewer keys than there are bars the others.</summary>
    private static Term Widened(Term mask, Term barred, int total)
    {
        var last = mask.Shape.Rank - 1;
        if (last < 0 || mask.Shape[last] == 1 || mask.Shape[last] >= total)
        {
            return mask;
        }

        var rest = barred.Apply(new Expand(mask.Shape.With(last, total - mask.Shape[last])));
        return mask.Apply(new Concat(last), rest.Value);
    }

    private static Term Steps(GraphBuilder graph, int count, params int[] shape) =>
        new(graph, graph.Constant(Tensor.Longs([.. Enumerable.Range(0, count).Select(i => (long)i)]).Reshape(new TensorShape(shape))));
}
