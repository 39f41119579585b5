using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>
/// Whether a network has layers enough that are smaller as streams: all of them share the code that reads streams, so it is weighed against
/// what they save together.
/// </summary>
internal static class StreamSurvey
{
    /// <summary>Machine code that reads streams (table of codes, product, unpacking) in a NativeAOT binary for x64.</summary>
    private const int ReaderBytes = 850;

    /// <summary>Whether the layers of a graph save more than the code takes.</summary>
    public static bool Pays(Graph graph)
    {
        var saved = 0L;
        foreach (var weights in graph.Nodes.Select(WeightsOf).OfType<CentredWeights>().Where(Int8Source.Fits))
        {
            // With few values the alternative is indices of half a byte.
            long otherwise = CodeBook.Of(weights) is null ? weights.Count : (weights.Count / 2) + CodeBook.Entries;
            saved += Math.Max(0, otherwise - WeightStream.Encode(weights.ToSignedBytes(), []).Bytes.Length);
            if (saved > ReaderBytes)
            {
                return true;
            }
        }

        return false;
    }

    private static CentredWeights? WeightsOf(Node node) =>
        node.Operator switch
        {
            QuantizedConv op when node.Input(1).Constant is not null => CentredWeights.OfConvolution(op, node),
            QuantizedMatMul op when node.Input(1).Constant is { Shape.Rank: 2 } matrix => CentredWeights.OfMatrix(matrix, op.BZeroPoints),
            _ => null,
        };
}
