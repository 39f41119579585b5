using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>
/// The output Indices of MaxPool: where in the flat input the greatest element of each window stands, the first of equal ones. The
/// windows are gathered, the greatest tap of each is found, and a table says where that tap lies.
/// </summary>
internal static class MaxPoolIndices
{
    public static Value Add(OnnxNode node, GraphBuilder graph, Window window, TensorShape pooled)
    {
        var x = node.Input(0);
        var (batch, channels) = (pooled[0], pooled[1]);
        int[] sizes = [.. x.Shape.Skip(2)];
        int[] outputs = [.. pooled.Skip(2)];
        var (inputs, windows) = (new TensorShape(sizes).Elements, new TensorShape(outputs).Elements);
        var table = new TensorShape([windows, .. window.Kernel]).Elements;
        var taps = window.Taps;
        var columnMajor = node.Int("storage_order", 0) != 0;
        var (sources, places) = (new long[table], new long[table]);
        for (var i = 0; i < windows; i++)
        {
            var positions = Positions(node, window, Coordinates(i, outputs), sizes);
            for (var tap = 0; tap < taps; tap++)
            {
                sources[(i * taps) + tap] = Flat(positions[tap], sizes);
                places[(i * taps) + tap] = columnMajor ? Flat(Reversed(positions[tap]), Reversed(sizes)) : sources[(i * taps) + tap];
            }
        }

        var values = graph.Add(
            new Gather(2),
            graph.Add(new Reshape(new TensorShape(batch, channels, inputs)), x),
            graph.Constant(Longs(sources, windows, taps))
        );
        var greatest = graph.Add(new ArgMax(3, KeepDims: false), values);
        var entry = graph.Add(new Binary(BinaryFunction.Add), greatest, graph.Constant(Longs(Steps(windows, taps), 1, 1, windows)));
        var place = graph.Add(new Gather(0), graph.Constant(Longs(places, table)), entry);
        var plane = graph.Constant(Longs(Steps(batch * channels, inputs), batch, channels, 1));
        return graph.Add(new Reshape(pooled), graph.Add(new Binary(BinaryFunction.Add), place, plane));
    }

    /// <summary>
    /// Where each tap of a window lies. Taps in the padding, which never win, stand for the first one inside: on equal values the
    /// first tap is taken, so that they change nothing.
    /// </summary>
    private static int[][] Positions(OnnxNode node, Window window, int[] output, int[] sizes)
    {
        int[] kernel = [.. window.Kernel];
        int[][] positions =
        [
            .. Enumerable
                .Range(0, window.Taps)
                .Select(tap =>
                    Coordinates(tap, kernel)
                        .Select((k, d) => (output[d] * window.Strides[d]) - window.PadsBegin[d] + (k * window.Dilations[d]))
                        .ToArray()
                ),
        ];
        var inside =
            positions.FirstOrDefault(IsInside)
            ?? throw node.Unsupported(
                "the output Indices of a window that lies in the padding alone is not supported; supported: windows over the input"
            );
        return [.. positions.Select(p => IsInside(p) ? p : inside)];

        bool IsInside(int[] position) => position.Zip(sizes, (p, size) => p >= 0 && p < size).All(within => within);
    }

    private static int[] Coordinates(int index, int[] sizes)
    {
        var coordinates = new int[sizes.Length];
        for (var d = sizes.Length - 1; d >= 0; d--)
        {
            coordinates[d] = index % sizes[d];
            index /= sizes[d];
        }

        return coordinates;
    }

    private static long Flat(int[] position, int[] sizes)
    {
        var flat = 0L;
        for (var d = 0; d < sizes.Length; d++)
        {
            flat = (flat * sizes[d]) + position[d];
        }

        return flat;
    }

    private static int[] Reversed(int[] values) => [.. Enumerable.Reverse(values)];

    private static long[] Steps(int count, int step) => [.. Enumerable.Range(0, count).Select(i => (long)i * step)];

    private static Tensor Longs(long[] values, params int[] shape) => Tensor.From<long>(ElementType.Int64, new TensorShape(shape), values);
}
