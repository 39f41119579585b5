using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Compression.Search;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>A model that a search has measured.</summary>
/// <param name="Design">What it is, for people.</param>
/// <param name="Commands">Command lines that make it of the original, one after the other.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="WeightBytes">Bytes of weights as they are baked into the binary.</param>
/// <param name="ArenaBytes">Bytes of the arena.</param>
/// <param name="Objective">The mean of the shares of the baseline's operations and bytes of weights.</param>
/// <param name="ValidationAccuracy">Part of the validation items that it gets right.</param>
/// <param name="TestAccuracy">Part of the test items; null where they were not measured on.</param>
internal sealed record SearchedModel(
    string Design,
    IReadOnlyList<string> Commands,
    long Macs,
    long WeightBytes,
    long ArenaBytes,
    double Objective,
    double ValidationAccuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TestAccuracy
)
{
    public static SearchedModel Of(Trial trial, SearchKnowledge knowledge, double? testAccuracy = null) =>
        new(
            trial.Design.ToString(),
            [.. trial.Steps.Select(s => s.CommandLine)],
            trial.Size!.Macs,
            trial.Size.WeightBytes,
            trial.Size.ArenaBytes,
            knowledge.Objective(trial.Size),
            trial.Accuracy!.Value,
            testAccuracy
        );
}

/// <summary>The original of a search.</summary>
/// <param name="ValidationAccuracy">Part of the validation items that it gets right.</param>
/// <param name="TestAccuracy">Part of the test items; null where there are none.</param>
internal sealed record SearchedOriginal(
    double ValidationAccuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TestAccuracy
);

/// <summary>A design that could not be made.</summary>
internal sealed record FailedTrial(string Design, string Error);

/// <summary>What <c>modelc compress</c> has found.</summary>
/// <param name="Model">The original.</param>
/// <param name="Output">The file of the chosen model.</param>
/// <param name="Status"><c>found</c>, <c>limitsNotKept</c>, or <c>failed</c> where no training succeeded.</param>
/// <param name="Shortfall">What is not as it should be, as a sentence.</param>
/// <param name="Original">The original.</param>
/// <param name="Baseline">Its plain quantisation.</param>
/// <param name="Chosen">The chosen model.</param>
/// <param name="Front">The models that no other beats, cheapest first.</param>
/// <param name="ValidationItems">Number of items that chose.</param>
/// <param name="Trials">Number of models that were measured.</param>
/// <param name="Failures">Designs that could not be made: the first of each way to take channels out and each reason.</param>
/// <param name="Seconds">Time that was spent.</param>
internal sealed record CompressReport(
    string Model,
    string Output,
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Shortfall,
    SearchedOriginal Original,
    SearchedModel Baseline,
    SearchedModel Chosen,
    IReadOnlyList<SearchedModel> Front,
    int ValidationItems,
    int Trials,
    IReadOnlyList<FailedTrial> Failures,
    double Seconds
)
{
    [JsonIgnore]
    public int ExitCode { get; private init; }

    /// <summary>Says what was found.</summary>
    /// <param name="model">The file of the original.</param>
    /// <param name="output">The file of the chosen model.</param>
    /// <param name="knowledge">What the search has found out.</param>
    /// <param name="verdict">What it ends with.</param>
    /// <param name="test">Parts of the test items that original, baseline and chosen model get right; null where there are none.</param>
    /// <param name="validationItems">Number of items that chose.</param>
    /// <param name="spent">Time that was spent.</param>
    public static CompressReport Of(
        string model,
        string output,
        SearchKnowledge knowledge,
        SearchVerdict verdict,
        IReadOnlyList<double>? test,
        int validationItems,
        TimeSpan spent
    )
    {
        var trained = knowledge.Trials.Where(t => t.Level > SearchSpace.Untrained).ToList();
        var failure = trained.Count > 0 && trained.All(t => t.Failure is not null) ? trained[0].Failure : null;
        return new(
            model,
            output,
            failure is not null ? "failed"
                : verdict.Shortfall is null ? "found"
                : "limitsNotKept",
            failure is null ? verdict.Shortfall : $"No training has succeeded. The first: {failure.Sentence}",
            new(knowledge.OriginalAccuracy, test?[0]),
            SearchedModel.Of(knowledge.Baseline, knowledge, test?[1]),
            SearchedModel.Of(verdict.Chosen, knowledge, test?[2]),
            [.. ParetoFront.Of(knowledge.Trials, knowledge.Baseline.Size!).Select(t => SearchedModel.Of(t, knowledge))],
            validationItems,
            knowledge.Trials.Count(t => t.IsMeasured),
            [
                .. knowledge
                    .Trials.Where(t => t.Failure is not null)
                    .DistinctBy(t => (t.Design.Family, t.Failure!.Sentence))
                    .Select(t => new FailedTrial(t.Design.ToString(), t.Failure!.Sentence)),
            ],
            spent.TotalSeconds
        )
        {
            ExitCode = failure is not null
                ? failure.ExitCode == ExitCodes.NotDifferentiable
                    ? ExitCodes.NotDifferentiable
                    : ExitCodes.Failure
                : verdict.Shortfall is null
                    ? ExitCodes.Success
                    : ExitCodes.OverBudget,
        };
    }

    public void Print(IAnsiConsole console)
    {
        console.WriteLine($"models that no other beats, with their accuracy on {ValidationItems} validation items:");
        var front = new Table().Border(TableBorder.Simple).AddColumn("design");
        Add(front, "of the baseline", "MAC", "weights", "arena", "validation");
        foreach (var point in Front)
        {
            front.AddRow([point.Design, .. Numbers(point), Percent(point.ValidationAccuracy)]);
        }

        console.Write(front);
        var table = new Table().AddColumn("");
        Add(table, "of the baseline", "MAC", "weights", "arena", "validation", "test");
        table.AddRow("original", "", "", "", "", Percent(Original.ValidationAccuracy), Percent(Original.TestAccuracy));
        foreach (var (name, point) in new[] { ("baseline", Baseline), ("chosen", Chosen) })
        {
            table.AddRow([name, .. Numbers(point), Percent(point.ValidationAccuracy), Percent(point.TestAccuracy)]);
        }

        console.Write(table);
        foreach (var failure in Failures)
        {
            console.WriteLine($"{failure.Design}: {failure.Error}");
        }

        console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Output}: {Chosen.Design}; {Trials} models measured in {Seconds:F0} s. It is made by:"
            )
        );
        foreach (var command in Chosen.Commands)
        {
            console.WriteLine(command);
        }

        if (Shortfall is not null)
        {
            console.WriteLine(Shortfall);
        }
    }

    private static void Add(Table table, params string[] headings)
    {
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }
    }

    private static string[] Numbers(SearchedModel point) =>
        [
            point.Objective.ToString("F3", CultureInfo.InvariantCulture),
            Amount.Of(point.Macs),
            Amount.Bytes(point.WeightBytes),
            Amount.Bytes(point.ArenaBytes),
        ];

    private static string Percent(double? share) => share is { } value ? CompressionReport.Percent(value) : "";
}
