using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>GroupNorm and SkipGroupNorm of com.microsoft: groups of channels normalised together, channels last unless told otherwise.</summary>
internal static class GroupNormImport
{
    public static ImmutableArray<Value> GroupNorm(OnnxNode node, GraphBuilder graph) =>
        [Normalised(node, graph, new Term(graph, node.Input(0))).Value];

    /// <summary>Inputs: x, gamma, beta, skip, optional bias. Outputs: normalised sum, sum.</summary>
    public static ImmutableArray<Value> SkipGroupNorm(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var skip = new Term(graph, node.Input(3));
        if (skip.Shape.Rank == 2 && x.Shape.Rank == 4)
        {
            skip = skip.Reshape(skip.Shape[0], 1, 1, skip.Shape[1]);
        }

        var sum = x + skip;
        sum = node.OptionalInput(4) is { } bias ? sum + new Term(graph, bias) : sum;
        return [Normalised(node, graph, sum).Value, sum.Value];
    }

    private static Term Normalised(OnnxNode node, GraphBuilder graph, Term x)
    {
        var groups = node.RequiredInt("groups");
        var last = node.Int("channels_last", 1) != 0;
        if (x.Shape.Rank != 4)
        {
            throw new ShapeException($"images of rank 4 were expected, found {x.Shape}");
        }

        var planar = last ? x.Transpose(0, 3, 1, 2) : x;
        var (batch, channels) = (planar.Shape[0], planar.Shape[1]);
        if (groups < 1 || channels % groups != 0)
        {
            throw new ShapeException($"{channels} channels cannot be divided into {groups} groups");
        }

        var rows = planar.Reshape(batch, (int)groups, planar.Shape.Product(1, 4) / (int)groups);
        var normalised = rows.Apply(new LayerNormalization(2, node.Float("epsilon", 1e-5f))).Reshape(planar.Shape);
        var y = (normalised * PerChannel(1)) + PerChannel(2);
        y = node.RequiredInt("activation") != 0 ? y.Apply(new Unary(UnaryFunction.Swish, 1)) : y;
        return last ? y.Transpose(0, 2, 3, 1) : y;

        Term PerChannel(int input) => new Term(graph, node.Input(input)).Reshape(channels, 1, 1);
    }
}
