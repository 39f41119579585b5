namespace ModelCompiler.Lowering.Kernels.Int8.Streams;

/// <summary>
/// A layer whose weights are a stream in the binary and are unpacked before each of its calls, into memory of the arena that other layers
/// use before and after it; then the kernel runs that has all of its weights. It is not divided between threads and joins no chain, because
/// each part would unpack the weights again.
/// </summary>
/// <param name="Dense">The kernel, whose weights are where this one has unpacked them.</param>
/// <param name="Stream">The stream.</param>
/// <param name="WeightBytes">Bytes of the unpacked weights.</param>
/// <param name="DenseScratchBytes">Bytes that the kernel needs for itself: the first of the scratch memory.</param>
internal sealed record UnpackedInt8Kernel(Kernel Dense, PackedStream Stream, int WeightBytes, int DenseScratchBytes) : Kernel
{
    /// <summary>Machine code that has the weights of one layer unpacked, in a NativeAOT binary for x64: what a stream has to save more than.</summary>
    public const int CodeBytes = 180;

    /// <summary>Name of the emitted method of <see cref="Dense"/>, unique in the program; empty until places are given out.</summary>
    public string Method { get; init; } = "";

    /// <summary>Where in scratch the unpacked weights begin.</summary>
    public int WeightsOffset => AlignUp(DenseScratchBytes);

    /// <summary>Where in scratch the table of codes begins. Behind the weights there is room that kernels may read.</summary>
    public int TableOffset => AlignUp(checked(WeightsOffset + WeightBytes + ArenaPlanner.Slack));

    private int ScratchBytes => checked(TableOffset + Stream.TableBytes);

    public override string Describe() => $"{Dense.Describe()}, weights unpacked before each call";

    public override string Packing => Stream.Text;

    /// <summary>A lowered node as it is, or around it what unpacks its weights where these are a stream.</summary>
    public static LoweredNode Around(LoweredNode lowered, PackedInt8 packed)
    {
        if (packed.Stream is not { } stream)
        {
            return lowered;
        }

        var kernel = new UnpackedInt8Kernel(lowered.Kernel, stream, packed.Weights.Bytes, lowered.ScratchBytes);
        return lowered with { Kernel = kernel, ScratchBytes = kernel.ScratchBytes };
    }

    private static int AlignUp(int bytes) => checked(bytes + ArenaPlanner.Alignment - 1) / ArenaPlanner.Alignment * ArenaPlanner.Alignment;
}
