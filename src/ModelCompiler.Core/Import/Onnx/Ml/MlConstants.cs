using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>Attributes of ai.onnx.ml as constants.</summary>
internal static class MlConstants
{
    /// <summary>The input as rows of floats [rows, features].</summary>
    public static Term Rows(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0)).To(ElementType.Float32);
        return x.Shape.Rank switch
        {
            1 => x.Reshape(1, x.Shape[0]),
            2 => x,
            _ => throw new ShapeException($"rows of features were expected, found {x.Shape}"),
        };
    }

    /// <summary>A float constant.</summary>
    public static Term Floats(GraphBuilder graph, float[] elements, params int[] shape) =>
        new(graph, graph.Constant(Tensor.Floats(new TensorShape(shape), elements)));

    /// <summary>The numbers of a list attribute, which must be there and have the given length.</summary>
    public static float[] Required(OnnxNode node, string attribute, long length) =>
        node.Floats(attribute) is { } found && found.Length == length
            ? found
            : throw new ShapeException(
                $"attribute '{attribute}' has {node.Floats(attribute)?.Length ?? 0} entries; {length} were expected"
            );
}
