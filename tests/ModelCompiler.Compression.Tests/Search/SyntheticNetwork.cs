using System.Globalization;
using ModelCompiler.Compression.Search;

namespace ModelCompiler.Compression.Tests.Search;

/// <summary>
/// A network that nobody has to train: what a step makes of it follows from formulas, time passes on a clock of its own, and the best
/// design can be found by trying them all.
/// </summary>
internal sealed class SyntheticNetwork : IStepRunner
{
    private const long Macs = 1_000_000;
    private const long FixedBytes = 5_000;
    private const long ChannelBytes = 45_000;
    private const double OriginalAccuracy = 0.9;
    private const double SecondsOfAnEpoch = 10;

    private readonly Dictionary<string, (State State, StepResult Result)> _made = new(StringComparer.Ordinal);

    private sealed record State(double Left, double Bytes, double Epochs, double Drop);

    public static double Accuracy => OriginalAccuracy;

    public static SearchSpace Space { get; } = SearchSpace.Default(0.004);

    /// <summary>The steps that were run, in order.</summary>
    public List<SearchStep> Steps { get; } = [];

    public TimeSpan Clock { get; private set; }

    /// <summary>When the time is over.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.MaxValue;

    /// <summary>Makes a step fail.</summary>
    public Func<SearchStep, string?> Fault { get; init; } = _ => null;

    /// <summary>What an epoch with the original as the teacher is worth, in epochs by labels.</summary>
    public double Teaching { get; init; } = 1;

    public CancellationTokenSource Deadline { get; } = new();

    public string OriginalId => "original";

    public SearchPace Pace(CancellationToken stop = default) => new(1, () => Time - Clock, Deadline.Token, stop);

    public Task<SearchKnowledge> Search(
        SearchGoal goal,
        IReadOnlyList<(Design Design, int Level)>? known = null,
        CancellationToken stop = default
    ) => new CompressionSearch(this, Space, goal, Pace(stop)).Run(OriginalAccuracy, known ?? []);

    public Task<StepResult> Run(string parent, SearchStep step, bool measured, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var id = step.IdAfter(parent);
        if (_made.TryGetValue(id, out var made))
        {
            made.Result = measured ? made.Result with { Accuracy = AccuracyOf(made.State) } : made.Result;
            _made[id] = made;
            return Task.FromResult(made.Result);
        }

        if (Fault(step) is { } fault)
        {
            return Task.FromResult(new StepResult(id, step.Command, 0, null, null, new(fault, 3)));
        }

        var state = Apply(step, parent == OriginalId ? new(1, 1, 1000, 0) : _made[parent].State);
        var seconds = step.Epochs * SecondsOfAnEpoch * (1 + (3 * state.Left)) / 4;
        if (Clock + TimeSpan.FromSeconds(seconds) > Time)
        {
            Clock = Time;
            Deadline.Cancel();
            throw new OperationCanceledException(cancellation);
        }

        Steps.Add(step);
        Clock += TimeSpan.FromSeconds(seconds);
        var result = new StepResult(id, step.Command, seconds, SizeOf(state), measured ? AccuracyOf(state) : null, null);
        _made[id] = (state, result);
        return Task.FromResult(result);
    }

    /// <summary>The objective of the best design of all that the table has, trained for as long as it may be.</summary>
    public static double Best(SearchGoal goal)
    {
        var (network, baseline) = (new SyntheticNetwork(), new SyntheticNetwork());
        var whole = Trial.Run(baseline, Space, Space.Baseline, SearchSpace.Untrained, true, default).Result.Size!;
        return (
            from family in Space.Families
            from permille in Enumerable.Range(1, 89).Select(i => i * 10)
            from form in Space.Forms
            let trial = Trial.Run(network, Space, new(family.Name, permille, form.Name, "labels"), Space.Highest, true, default).Result
            where trial.Accuracy >= goal.Floor(OriginalAccuracy) && goal.Allows(trial.Size!)
            select trial.Size!.Against(whole)
        ).Min();
    }

    private State Apply(SearchStep step, State state) =>
        step.Command switch
        {
            "prune" when step.Arguments.Contains("blocks") => state with
            {
                Left = 1 - (0.1 * double.Parse(step.Arguments[3], CultureInfo.InvariantCulture)),
                Drop = 0.1,
            },
            "prune" when step.Arguments.Contains("channels") => new(
                state.Left * Math.Pow(1 - double.Parse(step.Arguments[3], CultureInfo.InvariantCulture), 1.8),
                1,
                0,
                state.Drop + (step.Arguments.Contains("global") ? 0.2 : 0)
            ),
            "prune" => state with { Bytes = state.Bytes * 0.7, Drop = state.Drop + 0.6 },
            "cluster" => state with { Drop = state.Drop + 0.3 },
            "quantize" when step.Arguments.Contains("4") => state with { Bytes = state.Bytes * 0.6, Drop = state.Drop + 0.15 },
            "quantize" => state with { Drop = state.Drop + 0.05 },
            "distill" => state with { Epochs = state.Epochs + (step.Epochs * Teaching) },
            _ => state with { Epochs = state.Epochs + step.Epochs },
        };

    private static ModelSize SizeOf(State state) =>
        new((long)(Macs * state.Left), (long)((FixedBytes + (ChannelBytes * state.Left)) * state.Bytes), (long)(20_000 * state.Left));

    // What pruning costs, and how much of it training wins back.
    private static double AccuracyOf(State state) =>
        OriginalAccuracy - ((state.Drop + (0.25 * ((1 / state.Left) - 1) * (1 + (4 * Math.Exp(-state.Epochs / 5.0))))) / 100);
}
