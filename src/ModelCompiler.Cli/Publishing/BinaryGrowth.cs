namespace ModelCompiler.Cli.Publishing;

/// <summary>By how much a network makes a NativeAOT program larger: the program with it, less the same program without.</summary>
/// <param name="FileBytes">
/// Difference of the files. Each segment begins on a page, so a few bytes more or less of a network may be two pages of 4096 bytes or none.
/// </param>
/// <param name="LoadedBytes">Difference of what is in their sections: code, constants, and tables for exceptions and types.</param>
internal sealed record BinaryGrowth(long FileBytes, long LoadedBytes)
{
    /// <summary>Compares two binaries.</summary>
    /// <param name="without">The program without the network.</param>
    /// <param name="with">The program with it.</param>
    public static BinaryGrowth Between(string without, string with) =>
        new(new FileInfo(with).Length - new FileInfo(without).Length, ElfFile.LoadedBytes(with) - ElfFile.LoadedBytes(without));
}

/// <summary>A NativeAOT program with a network.</summary>
/// <param name="Path">The binary.</param>
/// <param name="Growth">What the network is of it.</param>
internal sealed record PublishedProgram(string Path, BinaryGrowth Growth)
{
    /// <summary>Size of the binary.</summary>
    public long Bytes => new FileInfo(Path).Length;
}
