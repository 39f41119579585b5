using System.Diagnostics;
using System.Globalization;
using ModelCompiler.Compression.Search;
using Spectre.Console;

namespace ModelCompiler.Cli.Search;

/// <summary>A search within its time, from where its folder has got to.</summary>
/// <param name="Terminal">Gets the progress.</param>
/// <param name="Folder">Keeps what is found out.</param>
/// <param name="Runner">Runs steps.</param>
/// <param name="Space">What is searched.</param>
/// <param name="Goal">What for.</param>
/// <param name="Jobs">Trials at a time.</param>
/// <param name="Time">Time for the whole, with what was spent before.</param>
internal sealed record SearchRun(
    Terminal Terminal,
    SearchFolder Folder,
    IStepRunner Runner,
    SearchSpace Space,
    SearchGoal Goal,
    int Jobs,
    TimeSpan Time
)
{
    // What is left for measuring on the test items and writing at the end.
    private const double ReservedPart = 0.1;
    private static readonly TimeSpan MostReserved = TimeSpan.FromSeconds(20);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly TimeSpan _before = TimeSpan.FromSeconds(Folder.Saved.Seconds);

    /// <summary>Time that was spent, with that of searches before in the same folder.</summary>
    public TimeSpan Spent => _before + _clock.Elapsed;

    private TimeSpan Left
    {
        get
        {
            var left = Time - TimeSpan.FromTicks(Math.Min((long)(Time.Ticks * ReservedPart), MostReserved.Ticks)) - Spent;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Searches.</summary>
    /// <param name="originalAccuracy">Accuracy of the original on the validation items, 0 to 1.</param>
    /// <param name="stop">Stops; what was found out is kept.</param>
    public SearchKnowledge Execute(double originalAccuracy, CancellationToken stop)
    {
        using var deadline = new CancellationTokenSource(Left);
        var search = new CompressionSearch(Runner, Space, Goal, new(Jobs, () => Left, deadline.Token, stop));
        search.Doing += what => Terminal.Messages.WriteLine($"# {what}");
        search.Ended += (trial, knowledge) =>
        {
            Folder.Save(Spent.TotalSeconds, knowledge.Trials);
            Terminal.Messages.WriteLine(Line(trial, knowledge));
        };
        try
        {
            var known = Folder.Saved.Trials.Where(IsThere).Select(t => (t.Design, t.Level)).ToList();
            return Terminal.WithProgress(
                "searching",
                progress =>
                {
                    using var second = new Timer(_ => progress(Math.Min(Spent / Time, 1)), null, 0, 1000);
                    return search.Run(originalAccuracy, known).GetAwaiter().GetResult();
                }
            );
        }
        finally
        {
            Folder.SaveTime(Spent.TotalSeconds);
        }
    }

    /// <summary>Whether all steps of a trial are kept, so that it need not be run again.</summary>
    private bool IsThere(SearchFolder.TrialName trial)
    {
        if (!Space.Has(trial.Design, trial.Level))
        {
            return false;
        }

        var (parent, last) = (Runner.OriginalId, (StepResult?)null);
        foreach (var step in Space.Steps(trial.Design, trial.Level))
        {
            parent = step.IdAfter(parent);
            last = Folder.Find(parent);
            if (last is null)
            {
                return false;
            }
        }

        return last?.Accuracy is not null;
    }

    private string Line(Trial trial, SearchKnowledge knowledge)
    {
        var outcome = trial.Failure is { } failure
            ? failure.Sentence
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{knowledge.Objective(trial.Size!):F3} of the baseline, {100 * trial.Accuracy!.Value:F2} % of the validation items right, {knowledge.DropOf(trial):F2} points less than the original"
            );
        return string.Create(CultureInfo.InvariantCulture, $"{Spent.TotalSeconds:F0} s: {trial.Design}, {Training(trial)}: {outcome}");
    }

    private static string Training(Trial trial) =>
        trial.Level == SearchSpace.Untrained
            ? "not trained"
            : FormattableString.Invariant($"effort {trial.Level + 1} by {trial.Design.Recovery}");
}
