namespace ModelCompiler.Cli.Reports.Html;

/// <summary>What files are called on a page.</summary>
internal static class ModelNames
{
    /// <summary>The end of each path that tells it from the others: the file's name, with as many folders as that takes.</summary>
    public static IReadOnlyList<string> Short(IReadOnlyList<string> paths)
    {
        var parts = paths.Select(p => p.Split('/', '\\').Where(part => part.Length > 0).ToArray()).ToArray();
        var longest = parts.Max(p => p.Length);
        for (var length = 1; length <= longest; length++)
        {
            var names = parts.Select(p => string.Join('/', p[Math.Max(0, p.Length - length)..])).ToArray();
            if (names.Distinct(StringComparer.Ordinal).Count() == paths.Count)
            {
                return names;
            }
        }

        // The same file twice.
        return [.. parts.Select((p, i) => $"{p[^1]} ({i + 1})")];
    }
}
