using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Lowering.Chains;

/// <summary>Which rows of an image lie under rows of another: row y has rows [y · Stride − Pad, y · Stride − Pad + Extent) under it.</summary>
/// <param name="Stride">Rows from one output row to the next.</param>
/// <param name="Pad">Rows of padding above the image.</param>
/// <param name="Extent">Rows under one output row.</param>
internal readonly record struct RowWindow(int Stride, int Pad, int Extent)
{
    /// <summary>Each row from the same row.</summary>
    public static RowWindow Same { get; } = new(1, 0, 1);
}

/// <summary>
/// A kernel that can compute rows of an image from the rows of its one input that lie under them, and so be a stage of a chain. Its
/// <see cref="Kernel.Split"/> is not null.
/// </summary>
internal interface IRowKernel
{
    /// <summary>Which rows of the input lie under rows of the output.</summary>
    RowWindow RowsUnder { get; }

    /// <summary>Whether the input may be a ring of rows, row y in the place of y modulo its size.</summary>
    bool ReadsRing { get; }

    /// <summary>How many of the rows of <see cref="Kernel.Split"/> make one of the image.</summary>
    /// <param name="output">Size of the output.</param>
    int UnitsOfRow(Plane output);

    /// <summary>How many rows a call should compute.</summary>
    /// <param name="output">Size of the output.</param>
    int RowsOfCall(Plane output);

    /// <summary>The kernel for calls of a few rows.</summary>
    /// <param name="output">Size of the output.</param>
    /// <param name="rows">Rows of a call; the last one may compute fewer where this does not divide them.</param>
    /// <param name="ring">Rows of the ring that the input is in; 0 where all of it is there.</param>
    /// <returns>The kernel, and how many bytes it needs for itself.</returns>
    (Kernel Kernel, int ScratchBytes) ForRows(Plane output, int rows, int ring);
}
