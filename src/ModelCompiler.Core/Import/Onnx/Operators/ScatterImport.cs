using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

internal static class ScatterImport
{
    public static ImmutableArray<Value> ScatterElements(OnnxNode node, GraphBuilder graph)
    {
        var axis = node.Input(0).Shape.NormaliseAxis(node.Int("axis", 0));
        return [graph.Add(new ScatterElements(axis, Reduction(node)), node.Input(0), node.Input(1), node.Input(2))];
    }

    public static ImmutableArray<Value> ScatterND(OnnxNode node, GraphBuilder graph) =>
        [graph.Add(new ScatterND(Reduction(node)), node.Input(0), node.Input(1), node.Input(2))];

    /// <summary>Sums overlapping blocks [N, C · taps, positions] into images: one scatter by places that are known here.</summary>
    public static ImmutableArray<Value> Col2Im(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        int[] image = [.. ShapeImport.ToShape(node.ConstantInput(1, "the shape of the image"))];
        var window = WindowImport.OfBlocks(node, image, ShapeImport.ToShape(node.ConstantInput(2, "the shape of the blocks")));
        int[] padded = [.. image.Select((size, axis) => size + window.PadsBegin[axis] + window.PadsEnd[axis])];
        int[] positions = [.. image.Select((size, axis) => window.OutputSize(axis, size))];
        var (taps, count) = (window.Taps, new TensorShape(positions).Elements);
        if (x.Shape.Rank != 3 || x.Shape[1] % taps != 0 || x.Shape[2] != count)
        {
            throw new ShapeException($"[N, C · {taps}, {count}] was expected for blocks {window.Kernel} of an image, found {x.Shape}");
        }

        var (batch, channels) = (x.Shape[0], x.Shape[1] / taps);
        var updates = x.Reshape(batch * channels, taps * count).Transpose(1, 0);
        var zeros = x.Number(0).Apply(new Expand(new TensorShape(new TensorShape(padded).Elements, batch * channels)));
        var places = graph.Constant(Tensor.Longs([.. Places(window, positions, padded)]).Reshape(new TensorShape(taps * count, 1)));
        var sums = zeros.Apply(new ScatterND(ScatterReduction.Add), places, updates.Value).Transpose(1, 0);
        var framed = sums.Reshape([batch, channels, .. padded]);
        int[] starts = [0, 0, .. window.PadsBegin];
        int[] sizes = [batch, channels, .. image];
        return
        [
            new TensorShape(sizes) == framed.Shape
                ? framed.Value
                : framed.Apply(new Slice(starts, sizes, sizes.Select(_ => 1).ToArray())).Value,
        ];
    }

    /// <summary>Where each element of the blocks lies in the padded image: taps outermost, then positions.</summary>
    private static IEnumerable<long> Places(Window window, int[] positions, int[] padded)
    {
        IEnumerable<long> places = [0];
        IEnumerable<long> offsets = [0];
        for (var axis = 0; axis < padded.Length; axis++)
        {
            var (size, stride, dilation) = (padded[axis], window.Strides[axis], window.Dilations[axis]);
            var (steps, kernel) = (positions[axis], window.Kernel[axis]);
            places = places.SelectMany(place => Enumerable.Range(0, steps).Select(i => (place * size) + (i * stride))).ToArray();
            offsets = offsets.SelectMany(offset => Enumerable.Range(0, kernel).Select(k => (offset * size) + (k * dilation))).ToArray();
        }

        return offsets.SelectMany(offset => places.Select(place => place + offset));
    }

    private static ScatterReduction Reduction(OnnxNode node) =>
        node.Text("reduction", "none") switch
        {
            "none" => ScatterReduction.None,
            "add" => ScatterReduction.Add,
            "mul" => ScatterReduction.Mul,
            "min" => ScatterReduction.Min,
            "max" => ScatterReduction.Max,
            var other => throw node.Unsupported($"reduction '{other}' is not supported; supported: none, add, mul, min, max"),
        };
}
