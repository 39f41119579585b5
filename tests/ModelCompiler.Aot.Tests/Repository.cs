using System.Runtime.CompilerServices;

namespace ModelCompiler.Aot.Tests;

/// <summary>This repository on the machine.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../.."));
}
