namespace ModelCompiler.Testing;

/// <summary>The folder of real models, which lies beside the repository and is not part of it.</summary>
public static class Testdata
{
    /// <summary>The folder <c>shared/testdata</c> beside the repository that the tests were built in; null where there is none.</summary>
    public static string? Folder { get; } = Find();

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "testdata");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }
}
