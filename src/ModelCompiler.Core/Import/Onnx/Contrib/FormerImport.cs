using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>Operators that were experiments of ONNX once and that ONNX Runtime still serves in the default domain.</summary>
internal static class FormerImport
{
    /// <summary>αx + β.</summary>
    public static ImmutableArray<Value> Affine(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.Affine, node.Float("alpha", 1), node.Float("beta", 0)), node.Input(0))];

    /// <summary>α · tanh(βx).</summary>
    public static ImmutableArray<Value> ScaledTanh(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new Unary(UnaryFunction.ScaledTanh, node.Float("alpha", 1), node.Float("beta", 1)), node.Input(0))];

    /// <summary>α · log(1 + exp(βx)).</summary>
    public static ImmutableArray<Value> ParametricSoftplus(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        return [((x * node.Float("beta", 1)).Of(UnaryFunction.Softplus) * node.Float("alpha", 1)).Value];
    }

    public static ImmutableArray<Value> Scale(OnnxNode node, GraphBuilder graph) =>
        [(new Term(graph, node.Input(0)) * node.Float("scale", 1)).Value];

    /// <summary>x · scale + the bias of each channel.</summary>
    public static ImmutableArray<Value> ImageScaler(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var bias = node.Floats("bias") ?? [];
        if (x.Shape.Rank != 4 || bias.Length != x.Shape[1])
        {
            throw new ShapeException($"{bias.Length} biases do not fit {x.Shape}");
        }

        var perChannel = graph.Constant(Tensor.Floats(new TensorShape(bias.Length, 1, 1), bias));
        return [((x * node.Float("scale", 1)) + new Term(graph, perChannel)).Value];
    }
}
