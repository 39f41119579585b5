using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>What the two runs of sixteen bytes of a chunk are.</summary>
internal enum DepthwiseForm
{
    /// <summary>The channels make no chunks.</summary>
    None,

    /// <summary>32 channels of one pixel.</summary>
    Wide,

    /// <summary>16 channels of two pixels.</summary>
    Pairs,

    /// <summary>All channels of several pixels that touch.</summary>
    Flat,
}

/// <summary>How the chunks of a depthwise convolution lie in its input and output.</summary>
/// <param name="Form">What a chunk is.</param>
/// <param name="Channels">Channels of a chunk.</param>
/// <param name="Blocks">Chunks that make all channels; the last may overlap the one before.</param>
/// <param name="OutputRows">Output rows computed together.</param>
/// <param name="InputRows">Input rows under them.</param>
/// <param name="SecondInput">Bytes from the first run to the second in the input.</param>
/// <param name="SecondOutput">The same in the output.</param>
internal readonly record struct DepthwiseLayout(
    DepthwiseForm Form,
    int Channels,
    int Blocks,
    int OutputRows,
    int InputRows,
    int SecondInput,
    int SecondOutput
)
{
    private const int Chunk = DepthwiseInt8Kernel.Chunk;
    private const int Run = DepthwiseInt8Kernel.Run;

    public static DepthwiseLayout Of(Plane input, Plane output, Window window)
    {
        var channels = input.Channels;
        var flat = Chunk % channels == 0 && channels < Chunk && window.Strides[1] == 1 && output.Width * channels >= Chunk;
        var form =
            channels >= Chunk ? DepthwiseForm.Wide
            : flat ? DepthwiseForm.Flat
            : channels >= Run ? DepthwiseForm.Pairs
            : DepthwiseForm.None;
        var together = Math.Min(
            channels,
            form switch
            {
                DepthwiseForm.Pairs => Run,
                _ => Chunk,
            }
        );

        // One row more costs nothing where the last quad has a free place for it.
        var taps = window.Kernel[0];
        var rows = window.Strides[0] == 1 && window.Dilations[0] == 1 && taps % DepthwiseInt8Kernel.RowsOfQuad != 0 ? 2 : 1;
        var (secondInput, secondOutput) =
            form != DepthwiseForm.Pairs ? (Run, Run)
            : output.Width > 1 ? (window.Strides[1] * channels, channels)
            : (0, 0);
        return new(form, together, (channels + together - 1) / together, rows, taps + rows - 1, secondInput, secondOutput);
    }

    /// <summary>Groups of four input rows.</summary>
    public int Quads => (InputRows + DepthwiseInt8Kernel.RowsOfQuad - 1) / DepthwiseInt8Kernel.RowsOfQuad;
}
