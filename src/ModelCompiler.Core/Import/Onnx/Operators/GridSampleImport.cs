using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>GridSample (opset 16, 20) and AffineGrid (opset 20): images of any rank sampled at places computed at run time.</summary>
internal static class GridSampleImport
{
    /// <summary>The factor of cubic convolution that PyTorch and ONNX use.</summary>
    private const double A = -0.75;

    /// <summary>One of the inputs to each output along a dimension.</summary>
    /// <param name="Index">Where it stands, as Int64.</param>
    /// <param name="Weight">What it counts; null for all.</param>
    private readonly record struct Tap(Term Index, Term? Weight);

    public static ImmutableArray<Value> GridSample(OnnxNode node, GraphBuilder graph)
    {
        var (x, grid) = (new Term(graph, node.Input(0)), new Term(graph, node.Input(1)));
        int[] sizes = [.. x.Shape.Skip(2)];
        var rank = sizes.Length;
        if (rank == 0 || grid.Shape.Rank != rank + 2 || grid.Shape[rank + 1] != rank || grid.Shape[0] != x.Shape[0])
        {
            throw new ShapeException($"a grid of [N, …, {rank}] was expected for {x.Shape}, found {grid.Shape}");
        }

        // Channels last, so that an index picks all channels of a pixel.
        var (batch, channels, places) = (x.Shape[0], x.Shape[1], grid.Shape.Product(1, rank + 1));
        var pixels = x.Reshape(batch, channels, x.Shape.Product(2, rank + 2)).Transpose(0, 2, 1);
        var positions = grid.Reshape(batch, places, rank);
        IEnumerable<Tap> taps = [];
        for (var axis = 0; axis < rank; axis++)
        {
            // The grid has the innermost dimension first.
            var size = sizes[axis];
            var along = Taps(node, positions.Slice(2, rank - 1 - axis, 1), size).ToArray();
            taps = axis == 0 ? along : taps.SelectMany(outer => along.Select(inner => Combined(outer, inner, size))).ToArray();
        }

        var sum = taps.Select(tap => Weighted(pixels.Apply(new GatherND(1), tap.Index.Value), tap.Weight)).Aggregate((a, b) => a + b);
        return [sum.Transpose(0, 2, 1).Reshape([batch, channels, .. grid.Shape.Skip(1).Take(rank)]).Value];
    }

    /// <summary>The places of an output image under an affine map [N, D, D + 1] of coordinates from −1 to 1.</summary>
    public static ImmutableArray<Value> AffineGrid(OnnxNode node, GraphBuilder graph)
    {
        var map = new Term(graph, node.Input(0));
        var size = ShapeImport.ToShape(node.ConstantInput(1, "the size"));
        int[] image = [.. size.Skip(2)];
        var rank = image.Length;
        if (rank < 1 || map.Shape != new TensorShape(size[0], rank, rank + 1))
        {
            throw new ShapeException($"a map [batch, dimensions, dimensions + 1] was expected for an image of {size}, found {map.Shape}");
        }

        var strides = new TensorShape(image).Strides();
        var aligned = node.Int("align_corners", 0) != 0;
        var coordinates = new TensorShape(new TensorShape(image).Elements, rank + 1);
        graph.Reserve(new TensorType(ElementType.Float64, coordinates));
        var elements = new double[coordinates.Elements];
        for (var i = 0; i < elements.Length; i++)
        {
            var (place, axis) = (i / (rank + 1), rank - 1 - (i % (rank + 1)));
            elements[i] = axis < 0 ? 1 : Coordinate(place / strides[axis] % image[axis], image[axis], aligned);
        }

        var constant = graph.Constant(Tensor.From<double>(ElementType.Float64, coordinates, elements));
        var grid = new Term(graph, constant).To(map.Value.Element).Apply(new MatMul(false, true, 1, Clamp.None), map.Value);
        return [grid.Reshape([size[0], .. image, rank]).Value];
    }

    private static double Coordinate(int index, int size, bool aligned) =>
        aligned ? (size == 1 ? -1 : (2.0 * index / (size - 1)) - 1) : ((2.0 * index + 1) / size) - 1;

    private static Tap Combined(Tap outer, Tap inner, int size) =>
        new((outer.Index * size) + inner.Index, outer.Weight is { } a && inner.Weight is { } b ? a * b : outer.Weight ?? inner.Weight);

    private static Term Weighted(Term values, Term? weight) => weight is { } w ? values * w.To(values.Value.Element) : values;

    private static IEnumerable<Tap> Taps(OnnxNode node, Term normalised, int size)
    {
        var aligned = node.Int("align_corners", 0) != 0;
        var padding = node.Text("padding_mode", "zeros");
        var mode = node.Text("mode", node.Opset < 20 ? "bilinear" : "linear");
        var (least, greatest) = aligned ? (0, size - 1.0) : (-0.5, size - 0.5);
        var x = aligned ? (normalised + 1) / 2 * (size - 1) : (((normalised + 1) * size) - 1) / 2;
        x = mode == "nearest" ? x.Of(UnaryFunction.Round) : x;
        // Of cubic samples only the inputs are moved inside, not the place itself.
        var cubic = mode is "cubic" or "bicubic";
        x = padding switch
        {
            "zeros" => x,
            "border" or "reflection" when cubic => x,
            "border" => Outside(x, least, greatest).Choose(Bounded(x, size), x),
            "reflection" => Reflected(x, least, greatest),
            _ => throw node.Unsupported($"padding_mode '{padding}' is not supported; supported: zeros, border, reflection"),
        };
        var floor = mode == "nearest" ? x : x.Of(UnaryFunction.Floor);
        var rest = x - floor;
        return mode switch
        {
            "nearest" => [At(floor, null)],
            "linear" or "bilinear" => [At(floor, rest.Number(1) - rest), At(floor + 1, rest)],
            _ when cubic =>
            [
                At(floor - 1, Far(rest + 1)),
                At(floor, Near(rest)),
                At(floor + 1, Near(rest.Number(1) - rest)),
                At(floor + 2, Far(rest.Number(2) - rest)),
            ],
            _ => throw node.Unsupported($"mode '{mode}' is not supported; supported: nearest, linear (bilinear), cubic (bicubic)"),
        };

        Tap At(Term place, Term? weight)
        {
            if (padding == "zeros")
            {
                var inside = Outside(place, 0, size - 1).Choose(place.Number(0), place.Number(1));
                weight = weight is { } w ? w * inside : inside;
            }

            var index = padding == "reflection" ? Reflected(place, least, greatest) : place;
            return new(Bounded(index, size).To(ElementType.Int64), weight);
        }
    }

    private static Term Outside(Term x, double least, double greatest) =>
        x.With(BinaryFunction.Less, x.Number(least)).With(BinaryFunction.Or, x.With(BinaryFunction.Greater, x.Number(greatest)));

    /// <summary>Within [0, size − 1]; what is not a number becomes 0, so that every index exists.</summary>
    private static Term Bounded(Term x, int size) =>
        x.With(BinaryFunction.Greater, x.Number(0)).Choose(x, x.Number(0)).With(BinaryFunction.Min, x.Number(size - 1));

    /// <summary>Mirrored at both bounds until it lies between them.</summary>
    private static Term Reflected(Term x, double least, double greatest)
    {
        var span = greatest - least;
        if (span == 0)
        {
            return x * 0;
        }

        var offset = x - least;
        var phase = offset - ((offset / (2 * span)).Of(UnaryFunction.Floor) * (2 * span));
        return phase.Number(greatest) - (phase - span).Of(UnaryFunction.Abs);
    }

    /// <summary>Weight of an input at a distance of at most 1.</summary>
    private static Term Near(Term s) => (((s * (A + 2)) - (A + 3)) * s * s) + 1;

    /// <summary>Weight of an input at a distance from 1 to 2.</summary>
    private static Term Far(Term s) => (((((s * A) - (5 * A)) * s) + (8 * A)) * s) - (4 * A);
}
