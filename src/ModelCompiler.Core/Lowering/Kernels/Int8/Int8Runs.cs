namespace ModelCompiler.Lowering.Kernels.Int8;

/// <summary>The runs of input bytes under one output: rows of taps, and taps within a row where they do not touch.</summary>
/// <param name="Rows">Rows of taps.</param>
/// <param name="RowBytes">From one row of taps to the next.</param>
/// <param name="Taps">Runs of a row.</param>
/// <param name="TapBytes">From one run to the next.</param>
internal readonly record struct Int8Runs(int Rows, int RowBytes, int Taps, int TapBytes)
{
    public static Int8Runs One { get; } = new(1, 0, 1, 0);

    /// <summary>Bytes from the first run to another.</summary>
    public int Offset(int run) => (run / Taps * RowBytes) + (run % Taps * TapBytes);
}
