using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>Operators on channels-last tensors, put between two transpositions, which later passes remove.</summary>
internal static class ChannelsLastImport
{
    /// <summary>The importer for a form whose first input and output have their channels last: always, or where channels_last says so.</summary>
    public static OnnxImport Of(OnnxImport channelsFirst, bool always = false) =>
        (node, graph) =>
        {
            if (!always && node.Int("channels_last", 0) == 0)
            {
                return channelsFirst(node, graph);
            }

            var x = node.Input(0);
            var rank = x.Shape.Rank;
            if (rank < 3)
            {
                throw new ShapeException($"an input of rank 3 or more was expected, found {x.Type}");
            }

            var planar = graph.Add(new Transpose((int[])[0, rank - 1, .. Enumerable.Range(1, rank - 2)]), x);
            var back = new Transpose((int[])[0, .. Enumerable.Range(2, rank - 2), 1]);
            return [.. channelsFirst(node.WithInput(0, planar), graph).Select(y => graph.Add(back, y))];
        };
}
