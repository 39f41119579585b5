using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Operators that pick elements by their values, so that the data give how many there are; of constants that is known.</summary>
internal static class SelectionImport
{
    public static ImmutableArray<Value> NonZero(OnnxNode node, GraphBuilder graph)
    {
        var x = node.Input(0);
        return x.Constant is { } constant ? [graph.Constant(Coordinates(constant, graph))] : [graph.AddNode(new NonZero(), x)[0]];
    }

    public static ImmutableArray<Value> Compress(OnnxNode node, GraphBuilder graph)
    {
        var (x, conditions) = (new Term(graph, node.Input(0)), node.Input(1));
        x = node.HasAttribute("axis") ? x : x.Reshape(x.Shape.Elements);
        var axis = x.Shape.NormaliseAxis(node.Int("axis", 0));
        if (conditions.Constant is not { } constant)
        {
            return [graph.AddNode(new Compress(axis), x.Value, conditions)[0]];
        }

        var kept = constant.ToLongs().Select((c, i) => (Holds: c != 0, Index: (long)i)).Where(c => c.Holds).Select(c => c.Index);
        return [x.Apply(new Gather(axis), graph.Constant(Tensor.Longs([.. kept.Where(i => i < x.Shape[axis])]))).Value];
    }

    public static ImmutableArray<Value> Unique(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        x = node.HasAttribute("axis") ? x : x.Reshape(x.Shape.Elements);
        var op = new Unique(x.Shape.NormaliseAxis(node.Int("axis", 0)), node.Int("sorted", 1) != 0);
        return x.Value.Constant is { } constant && x.Shape.Rank == 1 && UniqueEvaluator.Evaluate(op, constant) is { } folded
            ? [.. folded.Select(t => graph.Constant(t))]
            : graph.AddNode(op, x.Value);
    }

    public static ImmutableArray<Value> NonMaxSuppression(OnnxNode node, GraphBuilder graph)
    {
        var most =
            !node.HasInput(2) ? 0
            : node.Input(2).Constant is null ? int.MaxValue
            : node.ConstantInteger(2, "the most boxes");
        var op = new NonMaxSuppression(node.Int("center_point_box", 0) != 0, (int)Math.Min(Math.Max(most, 0), int.MaxValue));
        return [graph.AddNode(op, [.. Enumerable.Range(0, 5).Select(node.OptionalInput)])[0]];
    }

    private static Tensor Coordinates(Tensor tensor, GraphBuilder graph)
    {
        var shape = tensor.Shape.Rank == 0 ? new TensorShape(1) : tensor.Shape;
        var strides = shape.Strides();
        var size = tensor.Element.SizeInBytes();
        var found = Enumerable.Range(0, shape.Elements).Where(i => !IsZero(tensor, i, size)).ToArray();
        var type = new TensorType(ElementType.Int64, new(shape.Rank, found.Length));
        graph.Reserve(type);
        var coordinates = Enumerable.Range(0, shape.Rank).SelectMany(axis => found.Select(i => (long)(i / strides[axis] % shape[axis])));
        return Tensor.Longs([.. coordinates]).Reshape(type.Shape);
    }

    /// <summary>Whether no bit is set but perhaps the sign of a float.</summary>
    private static bool IsZero(Tensor tensor, int index, int size)
    {
        var bytes = tensor.Bytes.Slice(index * size, size);
        var isFloat = !tensor.Element.IsInteger() && tensor.Element != ElementType.Bool;
        for (var i = 0; i < size; i++)
        {
            if ((isFloat && i == size - 1 ? bytes[i] & 0x7F : bytes[i]) != 0)
            {
                return false;
            }
        }

        return true;
    }
}
