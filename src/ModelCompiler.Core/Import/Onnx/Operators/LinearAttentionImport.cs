using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>LinearAttention (opset 27, and com.microsoft), computed in float32 whatever the elements are.</summary>
internal static class LinearAttentionImport
{
    public static ImmutableArray<Value> LinearAttention(OnnxNode node, GraphBuilder graph)
    {
        if (node.Int("state_window", 0) != 0)
        {
            throw node.Unsupported("a window of states is not supported; supported: state_window=0");
        }

        var (hasDecay, hasRate) = node.Text("update_rule", "gated_delta") switch
        {
            "linear" => (false, false),
            "gated" => (true, false),
            "delta" => (false, true),
            "gated_delta" => (true, true),
            var other => throw node.Unsupported($"update_rule '{other}' is not supported; supported: linear, gated, delta, gated_delta"),
        };
        var (queryHeads, heads) = (Heads("q_num_heads"), Heads("kv_num_heads"));
        var (query, value) = (node.Input(0), node.Input(2));
        var scale = node.Float("scale", 0);
        scale = scale == 0 ? (float)(1 / Math.Sqrt(query.Shape[query.Shape.Rank - 1] / queryHeads)) : scale;
        var outputs = graph.AddNode(
            new LinearAttention(queryHeads, heads, scale),
            Single(query),
            Single(node.Input(1)),
            Single(value),
            node.OptionalInput(3) is { } past ? Single(past) : null,
            hasDecay ? Single(node.Input(4)) : null,
            hasRate ? Single(node.Input(5)) : null
        );
        return
        [
            new Term(graph, outputs[0]).To(query.Element).Value,
            new Term(graph, outputs[1]).To((node.OptionalInput(3) ?? query).Element).Value,
        ];

        Value Single(Value x) =>
            ElementwiseRules.Floats.Contains(x.Element) || x.Element.IsNarrowFloat()
                ? new Term(graph, x).To(ElementType.Float32).Value
                : throw new ShapeException($"floats were expected, found {x.Type}");

        int Heads(string attribute) =>
            node.RequiredInt(attribute) is >= 1 and <= TensorShape.MaxElements and var count && node.Input(0).Shape.Rank == 3
                ? (int)count
                : throw new ShapeException($"{attribute} is {node.RequiredInt(attribute)} for queries {node.Input(0).Shape}");
    }
}
