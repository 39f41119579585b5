namespace ModelCompiler.Compression.Tests;

/// <summary>The files of the sample that are committed, as the build copies them beside the tests.</summary>
internal static class SampleFiles
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "ImageClassifier");

    public static string Model(string name) => Path.Combine(Folder, "Models", name);

    public static IReadOnlyList<string> Images() =>
        [.. Directory.GetFiles(Path.Combine(Folder, "images"), "*.png").Order(StringComparer.Ordinal)];
}
