using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>
/// A matrix of many scattered zeros times a vector of bytes: the weights are read from their stream while they are multiplied, and are
/// never anywhere as a matrix. One sum after the other, so it takes longer than a product with all of the weights side by side.
/// </summary>
/// <param name="Depth">Elements of the vector.</param>
/// <param name="Outputs">Rows of the matrix.</param>
/// <param name="ZeroPoint">Zero point of the vector in its own element type.</param>
/// <param name="Stream">Weights and biases.</param>
/// <param name="Stage">From sums to outputs.</param>
internal sealed record StreamedProductInt8Kernel(int Depth, int Outputs, int ZeroPoint, PackedStream Stream, ScalarRequantization? Stage)
    : Kernel
{
    public override string Describe() => $"matrix × vector int8, 1 × {Depth} → {Outputs}, from a stream of weights";

    public override string Packing => Stream.Text;

    /// <summary>Lowers a product of one row where that takes fewer bytes than any other form; null where it does not.</summary>
    public static LoweredNode? Lower(Int8Source source, Node node, LoweringContext context)
    {
        if (!context.UsesStreams || source.Groups != 1)
        {
            return null;
        }

        var bias = source.Bias ?? new int[source.Outputs];
        var stream = WeightStream.Encode(source.Weights.ToSignedBytes(), bias);
        var otherwise = Int8WeightForm.Smallest(source, Int8TileShape.MaxDepthSplit, pixels: 1).Bytes + (bias.Length * sizeof(int));
        if (stream.Bytes.Length >= otherwise)
        {
            return null;
        }

        var kernel = new StreamedProductInt8Kernel(
            source.SegmentLength,
            source.Outputs,
            source.InputZeroPoint,
            PackedStream.Add(stream, source.Weights, node, context),
            source.Output is { } output ? ScalarRequantization.Pack(output, node, context) : null
        );
        return new(kernel, (Value[])[node.Input(0)], kernel.Stream.TableBytes);
    }
}
