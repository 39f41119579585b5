using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks;

/// <summary>What the user has asked for.</summary>
/// <param name="Command">The command line, as it stands on the page.</param>
/// <param name="ModelsFolder">Folder of the models that have names here.</param>
/// <param name="Paths">Models and folders given outright; they take the place of those with names.</param>
/// <param name="Sets">Sets chosen; empty for what each mode has by default.</param>
/// <param name="Target">What code is generated for.</param>
/// <param name="Duration">How long to measure a model.</param>
/// <param name="Output">Folder of the page; null to print only.</param>
internal sealed record RunOptions(
    string Command,
    string ModelsFolder,
    IReadOnlyList<string> Paths,
    IReadOnlyList<string> Sets,
    Target Target,
    TimeSpan Duration,
    string? Output
)
{
    /// <summary>The models, where a mode measures some sets by default.</summary>
    public IReadOnlyList<BenchmarkModel> Models(params IReadOnlyCollection<string> defaults) =>
        Paths.Count > 0 ? BenchmarkModel.OfPaths(Paths) : BenchmarkModel.OfSets(ModelsFolder, Sets.Count > 0 ? [.. Sets] : defaults);

    /// <summary>The models whose loops for arm64 are looked at.</summary>
    public IReadOnlyList<BenchmarkModel> ForArm() =>
        Paths.Count > 0 ? BenchmarkModel.OfPaths(Paths)
        : Sets.Count > 0 ? BenchmarkModel.OfSets(ModelsFolder, [.. Sets])
        : BenchmarkModel.ForArm(ModelsFolder);

    /// <summary>The models to publish.</summary>
    public IReadOnlyList<BenchmarkModel> ToPublish() =>
        Paths.Count > 0 ? BenchmarkModel.OfPaths(Paths)
        : Sets.Count > 0 ? BenchmarkModel.OfSets(ModelsFolder, [.. Sets])
        : BenchmarkModel.ToPublish(ModelsFolder);
}
