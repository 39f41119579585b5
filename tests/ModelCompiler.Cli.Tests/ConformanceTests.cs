using ModelCompiler.Conformance;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

public sealed class ConformanceTests : IDisposable
{
    private readonly ModelFolder _models = new();

    public ConformanceTests()
    {
        _models.Add("a/passes", SmallModels.Relu("batch"));
        _models.Record("a/passes", [SmallModels.Input], [SmallModels.ReluOutput]);
        _models.Add("b/differs", SmallModels.Relu());
        _models.Record("b/differs", [SmallModels.Input], [SmallModels.WrongOutput]);
        _models.Add("b/unsupported", SmallModels.Unsupported());
        _models.Record("b/unsupported", [SmallModels.Input], [SmallModels.ReluOutput]);
        _models.Add("b/random", SmallModels.AtRandom());
        _models.Record("b/random", [SmallModels.Input], [SmallModels.ReluOutput]);
        _models.Add("b/damaged", [1, 2, 3]);
        _models.Record("b/damaged", [SmallModels.Input], [SmallModels.ReluOutput]);
        // Without recorded data it is no case.
        _models.Add("c/nothing", SmallModels.Relu());
    }

    [Fact]
    public async Task Cases_pass_fail_and_are_skipped_for_a_reason()
    {
        var json = Path.Combine(_models.Root, "result.json");

        var (exitCode, lines) = await Run(null, json);

        Assert.Equal(1, exitCode);
        Assert.Equal("1 passed, 2 failed, 2 skipped", lines[^1]);
        Assert.Contains(
            lines,
            l => l.StartsWith("FAILED b/differs", StringComparison.Ordinal) && l.Contains("expected 1, found 0", StringComparison.Ordinal)
        );
        Assert.Contains(
            lines,
            l => l.StartsWith("FAILED b/damaged", StringComparison.Ordinal) && l.Contains("MC0001", StringComparison.Ordinal)
        );
        Assert.Contains(lines, l => l.EndsWith("1 × MC0003 Frobnicate", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.EndsWith("1 × MC0003 Embiggen", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.EndsWith("1 × MC0003 Bernoulli: is at random", StringComparison.Ordinal));
        Assert.Contains("\"passed\": 1", await File.ReadAllTextAsync(json), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_fails_the_exit_code_is_0()
    {
        var (exitCode, lines) = await Run("PASSES", null);

        Assert.Equal(0, exitCode);
        Assert.Equal(["1 passed, 0 failed, 0 skipped"], lines);
    }

    [Fact]
    public async Task A_case_that_takes_too_long_fails_alone()
    {
        var output = new StringWriter();

        var exitCode = await new ConformanceRun(_models.Root, "passes", null, 1, TimeSpan.FromMilliseconds(1)).Execute(output);

        Assert.Equal(1, exitCode);
        Assert.Contains("not finished after", output.ToString(), StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string[] Lines)> Run(string? filter, string? json)
    {
        var output = new StringWriter();
        var exitCode = await new ConformanceRun(_models.Root, filter, json, 2, TimeSpan.FromMinutes(2)).Execute(output);
        return (exitCode, output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose() => _models.Dispose();
}
