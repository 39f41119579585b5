using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class ResizeImport
{
    /// <summary>Upsample takes its scales from an attribute (opset 7) or from input 1 (opset 9).</summary>
    public static ImmutableArray<Value> Upsample(OnnxNode node, GraphBuilder graph)
    {
        var scales = node.Floats("scales") ?? node.ConstantInput(1, "the list of scales").ToFloats();
        return Old(node, graph, scales);
    }

    public static ImmutableArray<Value> Resize(OnnxNode node, GraphBuilder graph)
    {
        if (node.Opset < 11)
        {
            return Old(node, graph, node.ConstantInput(1, "the list of scales").ToFloats());
        }

        var transformation = Known(
            node,
            "coordinate_transformation_mode",
            node.Text("coordinate_transformation_mode", "half_pixel"),
            ResizeCoordinates.Transformations
        );
        var shape = node.Input(0).Shape;
        var axes = node.Ints("axes")?.Select(shape.NormaliseAxis).ToArray() ?? [.. Enumerable.Range(0, shape.Rank)];
        var roi = transformation == "tf_crop_and_resize" ? node.ConstantInput(1, "the region").ToFloats() : null;
        if (roi is not null && roi.Length != 2 * axes.Length)
        {
            throw new ShapeException($"a region of {2 * axes.Length} numbers was expected, found {roi.Length}");
        }

        var coordinates = shape.Select(size => new ResizeCoordinates(size, size, 1, transformation)).ToArray();
        var (sizes, scales) = SizesAndScales(node, axes);
        for (var i = 0; i < axes.Length; i++)
        {
            coordinates[axes[i]] = coordinates[axes[i]] with
            {
                OutputSize = sizes[i],
                Scale = scales[i],
                RoiStart = roi?[i] ?? 0,
                RoiEnd = roi?[axes.Length + i] ?? 1,
            };
        }

        var extrapolation = node.Float("extrapolation_value", 0);
        return node.Int("antialias", 0) != 0
            ? AddAntialiased(node, graph, coordinates, extrapolation)
            : Add(node, graph, coordinates, node.Text("nearest_mode", "round_prefer_floor"), extrapolation);
    }

    private static ImmutableArray<Value> Old(OnnxNode node, GraphBuilder graph, float[] scales)
    {
        var shape = node.Input(0).Shape;
        if (scales.Length != shape.Rank)
        {
            throw new ShapeException($"{scales.Length} scales do not fit {shape}");
        }

        var coordinates = shape.Select((size, axis) => new ResizeCoordinates(size, Scaled(size, scales[axis]), scales[axis], "asymmetric"));
        return Add(node, graph, [.. coordinates], ResizeCoordinates.OldRounding, 0);
    }

    private static ImmutableArray<Value> Add(
        OnnxNode node,
        GraphBuilder graph,
        ResizeCoordinates[] coordinates,
        string rounding,
        float extrapolation
    )
    {
        var mode = Known(node, "mode", node.Text("mode", "nearest"), ["nearest", "linear", "bilinear", "cubic"]);
        if (rounding != ResizeCoordinates.OldRounding)
        {
            Known(node, "nearest_mode", rounding, ResizeCoordinates.Roundings);
        }

        var input = node.Input(0);
        var axes = coordinates
            .Select(c =>
                mode switch
                {
                    "nearest" => c.Nearest(rounding),
                    "cubic" => (c with { CountsFraction = true }).Cubic(
                        node.Float("cubic_coeff_a", -0.75f),
                        node.Int("exclude_outside", 0) != 0
                    ),
                    _ => (c with { CountsFraction = true }).Linear(),
                }
            )
            .ToArray();
        return axes.Zip(input.Shape, (axis, size) => axis.IsUnchanged(size)).All(same => same)
            ? [input]
            : [graph.Add(new Resize(axes, extrapolation, LayoutOf(axes, input.Shape)), input)];
    }

    /// <summary>One dimension after the other, the last one first: a wide filter has too many taps for all dimensions at once.</summary>
    private static ImmutableArray<Value> AddAntialiased(
        OnnxNode node,
        GraphBuilder graph,
        ResizeCoordinates[] coordinates,
        float extrapolation
    )
    {
        var mode = node.Text("mode", "nearest");
        var value = node.Input(0);
        if (mode is not ("linear" or "cubic") || value.Element != ElementType.Float32)
        {
            throw node.Unsupported($"antialias of {value.Element} in mode '{mode}' is not supported; supported: Float32 in linear, cubic");
        }

        var excludeOutside = node.Int("exclude_outside", 0) != 0;
        var axes = coordinates
            .Select(c =>
                mode == "cubic"
                    ? c.AntialiasedCubic(node.Float("cubic_coeff_a", -0.75f), excludeOutside)
                    : c.AntialiasedLinear(excludeOutside)
            )
            .ToArray();
        var layout = LayoutOf(axes, value.Shape);
        for (var axis = axes.Length - 1; axis >= 0; axis--)
        {
            if (!axes[axis].IsUnchanged(value.Shape[axis]))
            {
                ResampledAxis[] alone = [.. value.Shape.Select((size, i) => i == axis ? axes[i] : ResampledAxis.Unchanged(size))];
                value = graph.Add(new Resize(alone, extrapolation, layout), value);
            }
        }

        return [value];
    }

    /// <summary>Where the dimensions that change leave the last one alone, but not the second, the channels are last already.</summary>
    private static DataLayout LayoutOf(ResampledAxis[] axes, TensorShape shape) =>
        shape.Rank < 3 || (!axes[1].IsUnchanged(shape[1]) && axes[shape.Rank - 1].IsUnchanged(shape[shape.Rank - 1]))
            ? DataLayout.ChannelsLast
            : DataLayout.ChannelsFirst;

    private static (int[] Sizes, float[] Scales) SizesAndScales(OnnxNode node, int[] axes)
    {
        var input = node.Input(0).Shape;
        if (node.OptionalConstantInput(2, "the list of scales") is { Shape.Elements: > 0 } given)
        {
            var scales = given.ToFloats();
            return scales.Length == axes.Length
                ? ([.. axes.Select((axis, i) => Scaled(input[axis], scales[i]))], scales)
                : throw new ShapeException($"{scales.Length} scales were found for {axes.Length} dimensions");
        }

        var sizes = node.ConstantInput(3, "the list of sizes").ToLongs();
        if (sizes.Length != axes.Length)
        {
            throw new ShapeException($"{sizes.Length} sizes were found for {axes.Length} dimensions");
        }

        var ratios = axes.Select((axis, i) => (float)sizes[i] / input[axis]).ToArray();
        var policy = Known(
            node,
            "keep_aspect_ratio_policy",
            node.Text("keep_aspect_ratio_policy", "stretch"),
            ["stretch", "not_larger", "not_smaller"]
        );
        if (policy == "stretch")
        {
            return ([.. new TensorShape(sizes.Select(s => checked((int)s)))], ratios);
        }

        var ratio = policy == "not_larger" ? ratios.Min() : ratios.Max();
        return (
            [.. axes.Select(axis => (int)Math.Round(ratio * input[axis], MidpointRounding.AwayFromZero))],
            [.. axes.Select(_ => ratio)]
        );
    }

    private static int Scaled(int size, float scale) =>
        scale > 0 && size * scale <= TensorShape.MaxElements
            ? (int)Math.Floor(size * scale)
            : throw new ShapeException($"a dimension of {size} is scaled by {scale}");

    private static string Known(OnnxNode node, string attribute, string value, string[] known) =>
        known.Contains(value)
            ? value
            : throw node.Unsupported($"{attribute} '{value}' is not supported; supported: {string.Join(", ", known)}");
}
