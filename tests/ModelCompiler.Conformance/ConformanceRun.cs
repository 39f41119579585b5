using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelCompiler.Conformance;

/// <summary>All cases below a folder, several at a time, with a line for each that fails and a line with the sums at the end.</summary>
/// <param name="Root">Folder to look in.</param>
/// <param name="Filter">Part of the path that a case must have; null for all.</param>
/// <param name="Json">File for the results; null for none.</param>
/// <param name="Workers">How many cases run at a time.</param>
/// <param name="Limit">Longest time that one case may take.</param>
public sealed record ConformanceRun(string Root, string? Filter, string? Json, int Workers, TimeSpan Limit)
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Runs everything.</summary>
    /// <returns>The exit code: 0, or 1 where a case failed.</returns>
    public async Task<int> Execute(TextWriter output)
    {
        var pending = new ConcurrentQueue<string>(ConformanceCase.Find(Root, Filter));
        var results = new ConcurrentBag<CaseResult>();
        await Task.WhenAll(
            Enumerable.Range(0, Math.Min(Workers, pending.Count)).Select(_ => Task.Run(() => Work(pending, results, output)))
        );
        var ordered = results.OrderBy(r => r.Name, StringComparer.Ordinal).ToList();
        PrintSkipReasons(ordered, output);
        if (Json is not null)
        {
            await File.WriteAllTextAsync(Json, JsonSerializer.Serialize(Summary(ordered), JsonOptions));
        }

        var failed = Count(ordered, CaseStatus.Failed);
        output.WriteLine($"{Count(ordered, CaseStatus.Passed)} passed, {failed} failed, {Count(ordered, CaseStatus.Skipped)} skipped");
        return failed > 0 ? 1 : 0;
    }

    private async Task Work(ConcurrentQueue<string> pending, ConcurrentBag<CaseResult> results, TextWriter output)
    {
        using var worker = new Worker(Root, Limit);
        while (pending.TryDequeue(out var name))
        {
            var result = await worker.Run(name);
            results.Add(result);
            if (result.Status == CaseStatus.Failed)
            {
                lock (output)
                {
                    output.WriteLine($"FAILED {result.Name}: {result.Reason.Replace("\n", "\n       ", StringComparison.Ordinal)}");
                }
            }
        }
    }

    private static void PrintSkipReasons(List<CaseResult> results, TextWriter output)
    {
        foreach (var (group, count) in SkipReasons(results))
        {
            output.WriteLine($"skipped {count, 4} × {group}");
        }
    }

    /// <summary>Every reason with the number of cases that have it; a case with several counts for each.</summary>
    private static IEnumerable<KeyValuePair<string, int>> SkipReasons(List<CaseResult> results) =>
        results
            .Where(r => r.Status == CaseStatus.Skipped)
            .SelectMany(r => r.Groups)
            .CountBy(g => g)
            .OrderByDescending(p => p.Value)
            .ThenBy(p => p.Key, StringComparer.Ordinal);

    private static object Summary(List<CaseResult> results) =>
        new
        {
            Passed = Count(results, CaseStatus.Passed),
            Failed = Count(results, CaseStatus.Failed),
            Skipped = Count(results, CaseStatus.Skipped),
            SkipReasons = SkipReasons(results).ToDictionary(),
            Cases = results,
        };

    private static int Count(List<CaseResult> results, CaseStatus status) => results.Count(r => r.Status == status);
}
