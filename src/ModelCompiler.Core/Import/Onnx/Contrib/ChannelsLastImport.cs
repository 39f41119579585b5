using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>Operators on channels-last tensors, put between two transpositions, which later passes remove.</summary>
internal static class ChannelsLastImport
{
    /// <summary>The importer for a form whose images and output have their channels last: always, or where channels_last says so.</summary>
    /// <param name="channelsFirst">Imports the form with the channels first.</param>
    /// <param name="always">Whether the operator has no other form.</param>
    /// <param name="second">An input that is an image beside input 0; it may be left out.</param>
    public static OnnxImport Of(OnnxImport channelsFirst, bool always = false, int second = 0) =>
        (node, graph) =>
        {
            if (!always && node.Int("channels_last", 0) == 0)
            {
                return channelsFirst(node, graph);
            }

            var rank = node.Input(0).Shape.Rank;
            var planar = node.WithInput(0, Planar(node.Input(0)));
            if (second > 0 && node.OptionalInput(second) is { } other)
            {
                planar = planar.WithInput(second, Planar(other));
            }

            var back = new Transpose((int[])[0, .. Enumerable.Range(2, rank - 2), 1]);
            return [.. channelsFirst(planar, graph).Select(y => graph.Add(back, y))];

            Value Planar(Value x) =>
                x.Shape.Rank >= 3
                    ? graph.Add(new Transpose((int[])[0, x.Shape.Rank - 1, .. Enumerable.Range(1, x.Shape.Rank - 2)]), x)
                    : throw new ShapeException($"an input of rank 3 or more was expected, found {x.Type}");
        };
}
