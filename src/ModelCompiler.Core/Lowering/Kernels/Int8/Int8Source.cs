using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>What is packed: weights with their zero points taken away, as runs of depth that are contiguous in the input.</summary>
/// <param name="Weights">[Outputs, Segments, SegmentLength], each within −128 … 127.</param>
/// <param name="Outputs">Output channels of all groups.</param>
/// <param name="Groups">Channel groups.</param>
/// <param name="Segments">Runs under one output.</param>
/// <param name="SegmentLength">Input bytes of each.</param>
/// <param name="InputZeroPoint">Zero point of the input in its own element type.</param>
/// <param name="Input">Element type of the input.</param>
/// <param name="Bias">Bias; null where there is none.</param>
/// <param name="Output">Requantisation, or null.</param>
internal sealed record Int8Source(
    CentredWeights Weights,
    int Outputs,
    int Groups,
    int Segments,
    int SegmentLength,
    int InputZeroPoint,
    ElementType Input,
    int[]? Bias,
    Requantization? Output
)
{
    /// <summary>Whether the weights fit signed bytes once their zero points are gone.</summary>
    public static bool Fits(CentredWeights weights) =>
        weights.Sums.All(s => s is { Lowest: >= sbyte.MinValue, Highest: <= sbyte.MaxValue });

    /// <summary>The weights of an output channel under one run; until those of another channel are asked for.</summary>
    public ReadOnlySpan<short> Segment(int channel, int segment) => Weights.Channel(channel).Slice(segment * SegmentLength, SegmentLength);

    /// <summary>The bias of each packed channel (−1: padding) for sums over inputs of which the zero point was not taken away.</summary>
    public int[] FoldedBias(int[] channels, bool signed)
    {
        var unsignedZero = InputZeroPoint + (Input == ElementType.Int8 ? 128 : 0);
        var zero = signed ? unsignedZero - 128 : unsignedZero;
        return [.. channels.Select(c => c < 0 ? 0 : unchecked((Bias is null ? 0 : Bias[c]) - (zero * Weights.Sums[c].Total)))];
    }

    /// <summary>A bound of the absolute value of a channel's accumulator.</summary>
    public long LargestSum(int channel) => Math.Abs(Bias is null ? 0L : Bias[channel]) + (Weights.Sums[channel].Magnitude * byte.MaxValue);
}
