using ModelCompiler.Cli.Search;
using ModelCompiler.Compression.Search;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

/// <summary>Steps of a search, made by several trials.</summary>
public sealed class SearchStepTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    [Fact]
    public async Task A_step_that_several_trials_begin_with_is_made_once()
    {
        var original = _folder.Add("original", SmallModels.MatMul());
        using var kept = SearchFolder.Open(Path.Combine(_folder.Root, "search"), new Dictionary<string, string>());
        var runner = new CommandStepRunner(kept, "original", original, new([], [], ["--no-time"]), new CompileOptions(), (_, _) => 1);
        var step = new SearchStep("prune", ["--amount", "0.5"]);

        var results = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => runner.Run("original", step, measured: false, CancellationToken.None)))
        );

        Assert.All(results, r => Assert.Null(r.Failure));
        Assert.Single(results.Select(r => r.Seconds).Distinct());
    }

    public void Dispose() => _folder.Dispose();
}
