using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>
/// FlexAttention (ai.onnx.preview 1): probMod(softmax(scoreMod(scale · Q Kᵀ))) V. The two functions are subgraphs, whose nodes take their
/// places between the others.
/// </summary>
internal static class FlexAttentionImport
{
    public static ImmutableArray<OnnxValue?> FlexAttention(ControlNode node)
    {
        var (query, key, value) = (Heads(node, 0), Heads(node, 1), Heads(node, 2));
        var (batch, heads, length, size) = (query.Shape[0], query.Shape[1], query.Shape[2], query.Shape[3]);
        var (groups, total) = (key.Shape[1], key.Shape[2]);
        var fits = groups > 0 && heads % groups == 0 && size > 0;
        if (!fits || key.Shape != new TensorShape(batch, groups, total, size) || value.Shape != key.Shape.With(3, value.Shape[3]))
        {
            throw new ShapeException($"queries {query.Shape}, keys {key.Shape} and values {value.Shape} do not fit");
        }

        // Heads that share keys are rows of one matrix product: nothing is repeated.
        var element = query.Value.Element;
        var precision = Precision(node, element);
        var scale = node.Plain.HasAttribute("scale") ? node.Plain.Float("scale", 1) : (float)(1 / Math.Sqrt(size));
        var rows = query.To(precision).Reshape(batch, groups, heads / groups * length, size);
        var products = rows.Apply(new MatMul(false, true, scale, Clamp.None), key.To(precision).Value);
        if (Modified(node, "score_mod", products.Reshape(batch, heads, length, total)) is not { } scores)
        {
            return node.Failed;
        }

        if (Modified(node, "prob_mod", scores.Apply(new Softmax(3))) is not { } probabilities)
        {
            return node.Failed;
        }

        var attended = probabilities
            .Reshape(batch, groups, heads / groups * length, total)
            .Apply(MatMul.Plain, value.To(precision).Value)
            .Reshape(batch, heads, length, value.Shape[3]);
        return [new OnnxTensor(attended.To(element).Value)];
    }

    private static Term Heads(ControlNode node, int input)
    {
        var heads = node.Tensor(input);
        return heads.Shape.Rank == 4 && (ElementwiseRules.Floats.Contains(heads.Element) || heads.Element.IsNarrowFloat())
            ? new Term(node.Graph, heads)
            : throw new ShapeException($"input {input} is {heads.Type}; floats [batch, heads, length, size] were expected");
    }

    /// <summary>Half floats are computed in float32, unless the node says otherwise.</summary>
    private static ElementType Precision(ControlNode node, ElementType element)
    {
        var otherwise = element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        return node.Plain.HasAttribute("softmax_precision")
            ? (ElementType)node.Plain.Int("softmax_precision", 0) switch
            {
                ElementType.Float64 => ElementType.Float64,
                ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 => otherwise,
                var other => throw new ShapeException($"softmax_precision is {other}; a type of floats was expected"),
            }
            : otherwise;
    }

    /// <summary>What the subgraph makes of scores or probabilities; they themselves where there is none, null where it has failed.</summary>
    private static Term? Modified(ControlNode node, string attribute, Term x)
    {
        if (!node.Plain.HasAttribute(attribute))
        {
            return x;
        }

        if (node.Run(node.Subgraph(attribute), attribute, [new OnnxTensor(x.Value)], node.Graph) is not { } outputs)
        {
            return null;
        }

        return outputs is [OnnxTensor { Value: var y }] && y.Shape == x.Shape
            ? new Term(node.Graph, y).To(x.Value.Element)
            : throw new ShapeException(
                $"{attribute} gives {string.Join(", ", outputs.Select(o => o.Description))}; one tensor {x.Shape} was expected"
            );
    }
}
