using System.Runtime.CompilerServices;

namespace ModelCompiler.Generator.Tests.Running;

/// <summary>Files of this repository.</summary>
internal static class Repository
{
    public static string File(string path) => Path.Combine(Root(), path);

    private static string Root([CallerFilePath] string source = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../../.."));
}
