using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>ONNX SplitToSequence (opset 11, 24): parts of one dimension as a sequence.</summary>
internal static class SplitToSequenceImport
{
    /// <summary>Every part becomes a value of its own in the graph.</summary>
    private const int MaxParts = 4096;

    public static ImmutableArray<OnnxValue?> SplitToSequence(ControlNode node)
    {
        var x = node.Tensor(0);
        var axis = x.Shape.NormaliseAxis(node.Plain.Int("axis", 0));
        var sizes = Sizes(node, x.Shape[axis]);
        var parts =
            sizes.Length == 0 ? []
            : sizes.Length == 1 ? [x]
            : node.Graph.AddNode(new Split(axis, sizes), x);
        var keeps = node.HasInput(1) || node.Plain.Int("keepdims", 1) != 0;
        return
        [
            new OnnxSequence([
                .. parts.Select(p => keeps ? p : new Term(node.Graph, p).Reshape([.. p.Shape.Take(axis), .. p.Shape.Skip(axis + 1)]).Value),
            ]),
        ];
    }

    private static int Checked(int parts) =>
        parts <= MaxParts
            ? parts
            : throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                $"a sequence of {parts} parts is not supported; supported: up to {MaxParts}"
            );

    private static int[] Sizes(ControlNode node, int size)
    {
        if (node.OptionalTensor(1) is null)
        {
            return [.. Enumerable.Repeat(1, Checked(size))];
        }

        var split = node.Plain.ConstantInput(1, "the sizes of the parts");
        if (split.Shape.Rank == 0)
        {
            var each = (int)Math.Min(split.ToLongs()[0], Math.Max(size, 1));
            return each > 0
                ? [.. Enumerable.Range(0, Checked((size + each - 1) / each)).Select(i => Math.Min(each, size - (i * each)))]
                : throw new ShapeException($"parts of {split.ToLongs()[0]} elements were asked for");
        }

        var sizes = split.ToLongs();
        return sizes.All(s => s >= 0 && s <= size) && sizes.Sum() == size
            ? [.. sizes.Select(s => (int)s)]
            : throw new ShapeException($"parts of [{string.Join(",", sizes)}] do not make up a dimension of {size}");
    }
}
