using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>MelWeightMatrix (opset 17): triangles over the bins of a spectrum, evenly spaced on the mel scale; a constant.</summary>
internal static class MelWeightMatrixImport
{
    public static ImmutableArray<Value> MelWeightMatrix(OnnxNode node, GraphBuilder graph)
    {
        var (bands, length, rate) = (Whole(0, "num_mel_bins"), Whole(1, "dft_length"), Whole(2, "sample_rate"));
        var shape = new TensorShape((length / 2) + 1, bands);
        graph.Reserve(new(ElementType.Float32, shape));
        var edges = Edges(bands, length, rate, Edge(3, "lower_edge_hertz"), Edge(4, "upper_edge_hertz"));
        if (edges.Any(bin => bin < 0 || bin >= shape[0]))
        {
            throw new ShapeException($"the edges fall on bins {string.Join(",", edges)}, of which there are {shape[0]}");
        }

        var weights = new float[shape.Elements];
        for (var band = 0; band < bands; band++)
        {
            var (low, centre, high) = (edges[band], edges[band + 1], edges[band + 2]);
            for (var bin = low; bin < centre; bin++)
            {
                weights[(bin * bands) + band] = (float)(bin - low) / (centre - low);
            }

            weights[(centre * bands) + band] = 1;
            for (var bin = centre; bin < high; bin++)
            {
                weights[(bin * bands) + band] = (float)(high - bin) / (high - centre);
            }
        }

        var type = OnnxTensorReader.ElementTypeOf((int)node.Int("output_datatype", (int)ElementType.Float32), node.Name);
        return [new Term(graph, graph.Constant(Tensor.Floats(shape, weights))).To(type).Value];

        int Whole(int input, string meaning) =>
            node.ConstantInteger(input, meaning) is > 0 and <= 1 << 20 and var value
                ? (int)value
                : throw new ShapeException($"{meaning} has to be a positive number, not too large");

        double Edge(int input, string meaning) =>
            node.ConstantInput(input, meaning) is { Shape.Elements: 1 } tensor && Elements.AreFloat(tensor.Element)
                ? Elements.Doubles(tensor)[0]
                : throw node.Unsupported($"{meaning} has to be one number; supported: Float32, Float64");
    }

    /// <summary>The bins on which the triangles begin, peak and end.</summary>
    private static int[] Edges(int bands, int length, int rate, double low, double high)
    {
        var (from, to) = (Mel(low), Mel(high));
        var step = (to - from) / (bands + 2);
        return [.. Enumerable.Range(0, bands + 2).Select(i => Math.Floor((length + 1) * Hertz(from + (i * step)) / rate)).Select(ToBin)];

        static int ToBin(double bin) => bin is >= 0 and < int.MaxValue ? (int)bin : -1;
    }

    private static double Mel(double hertz) => 2595 * ReproducibleMath.Log(1 + (hertz / 700)) / ReproducibleMath.Log(10);

    private static double Hertz(double mel) => 700 * (ReproducibleMath.Pow(10, mel / 2595) - 1);
}
