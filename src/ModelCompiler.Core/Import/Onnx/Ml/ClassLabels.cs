using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>The labels of a classifier's classes.</summary>
internal static class ClassLabels
{
    /// <summary>Integer labels, as the attribute gives them.</summary>
    public static long[] Read(OnnxNode node, string attribute)
    {
        if (node.Ints(attribute) is { Length: > 0 } found)
        {
            return found;
        }

        throw node.HasAttribute("classlabels_strings")
            ? NoStrings(node, "class labels")
            : new ShapeException("the classifier has no class labels");
    }

    /// <summary>A problem of operators that would compute strings.</summary>
    public static ProblemException NoStrings(OnnxNode node, string what) =>
        node.Unsupported(
            $"{what} that are strings are not supported; supported: integers. "
                + "Export the model with labels encoded as integers (0, 1, 2, …) and map them to names behind Predict",
            Refusal.Strings
        );

    /// <summary>The labels of the classes that numbers [rows] name.</summary>
    public static Term Pick(Term numbers, long[] labels)
    {
        if (labels.SequenceEqual(Enumerable.Range(0, labels.Length).Select(i => (long)i)))
        {
            return numbers;
        }

        var table = new Term(numbers.Graph, numbers.Graph.Constant(Tensor.Longs(labels)));
        return table.Apply(new Gather(0), numbers.Value);
    }

    /// <summary>One of two labels for each truth value [rows].</summary>
    public static Term Choose(Term holds, long whenTrue, long whenFalse)
    {
        Term Label(long label) => new(holds.Graph, holds.Graph.Constant(Tensor.Longs(label)));
        return holds.Choose(Label(whenTrue), Label(whenFalse));
    }
}
