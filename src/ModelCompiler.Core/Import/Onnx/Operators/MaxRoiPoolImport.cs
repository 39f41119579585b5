using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>MaxRoiPool (opset 1, 22): the greatest element in each cell of a grid over regions [batch, left, top, right, bottom].</summary>
internal static class MaxRoiPoolImport
{
    public static ImmutableArray<Value> MaxRoiPool(OnnxNode node, GraphBuilder graph)
    {
        var (x, regions) = (new Term(graph, node.Input(0)), new Term(graph, node.Input(1)));
        var pooled = node.Ints("pooled_shape") ?? throw new ShapeException("attribute 'pooled_shape' is missing");
        if (x.Shape.Rank != 4 || regions.Shape.Rank != 2 || regions.Shape[1] != 5 || regions.Value.Element != x.Value.Element)
        {
            throw new ShapeException(
                $"images [N, C, H, W] and regions [R, 5] of one type were expected, found {x.Value.Type} and {regions.Value.Type}"
            );
        }

        if (pooled.Length != 2 || pooled.Any(p => p is < 1 or > TensorShape.MaxElements))
        {
            throw new ShapeException($"'pooled_shape' has to be two sizes, found {string.Join(",", pooled)}");
        }

        var scale = node.Float("spatial_scale", 1);
        var (count, channels, height, width) = (regions.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        var (rows, columns) = ((int)pooled[0], (int)pooled[1]);
        var images = regions.Slice(1, 0, 1).Reshape(count).To(ElementType.Int64);
        var elements = x.Apply(new Gather(0), images.Value);

        // First along rows of the image, then along what is left of its columns.
        var across = Cells(regions, 1, columns, width, scale);
        var down = Cells(regions, 2, rows, height, scale);
        var lowest = x.Number(double.NegativeInfinity);
        var narrow = across
            .Reshape(count, 1, 1, columns, width)
            .Choose(elements.Reshape(count, channels, height, 1, width), lowest)
            .Apply(new Reduce(ReduceFunction.Max, (int[])[4], KeepDims: false));
        var greatest = down.Reshape(count, 1, rows, height, 1)
            .Choose(narrow.Reshape(count, channels, 1, height, columns), lowest)
            .Apply(new Reduce(ReduceFunction.Max, (int[])[3], KeepDims: false));
        var filled = Any(down, x).Reshape(count, 1, rows, 1).With(BinaryFunction.And, Any(across, x).Reshape(count, 1, 1, columns));
        return [filled.Choose(greatest, x.Number(0)).Value];
    }

    /// <summary>Which places along a dimension each cell of each region has [R, cells, size].</summary>
    private static Term Cells(Term regions, int first, int cells, int size, float scale)
    {
        var (start, end) = (Rounded(regions.Slice(1, first, 1) * scale), Rounded(regions.Slice(1, first + 2, 1) * scale));
        var cell = (end - start + 1).With(BinaryFunction.Max, start.Number(1)) / cells;
        var from = (Numbers(0, cells) * cell).Of(UnaryFunction.Floor) + start;
        var to = (Numbers(1, cells) * cell).Of(UnaryFunction.Ceil) + start;
        var (count, places) = (regions.Shape[0], Numbers(0, size));
        return places
            .With(BinaryFunction.GreaterOrEqual, from.Reshape(count, cells, 1))
            .With(BinaryFunction.And, places.With(BinaryFunction.Less, to.Reshape(count, cells, 1)));

        Term Numbers(long begin, int number) =>
            new Term(regions.Graph, regions.Graph.Constant(Tensor.Longs([.. Enumerable.Range(0, number).Select(i => begin + i)]))).To(
                regions.Value.Element
            );
    }

    /// <summary>To the nearest integer, halves away from 0.</summary>
    private static Term Rounded(Term x) => x.Of(UnaryFunction.Sign) * (x.Of(UnaryFunction.Abs) + 0.5).Of(UnaryFunction.Floor);

    /// <summary>Whether a cell has any place [R, cells].</summary>
    private static Term Any(Term cells, Term x)
    {
        var numbers = cells.To(x.Value.Element).Apply(new Reduce(ReduceFunction.Max, (int[])[2], KeepDims: false));
        return numbers.With(BinaryFunction.Greater, numbers.Number(0));
    }
}
