namespace ModelCompiler.Compression.Search;

/// <summary>How fast a search may go.</summary>
/// <param name="Jobs">Trials at a time.</param>
/// <param name="Left">Time that is left.</param>
/// <param name="Deadline">Cancelled when there is none left.</param>
/// <param name="Stop">Cancelled when somebody wants the search to stop.</param>
public sealed record SearchPace(int Jobs, Func<TimeSpan> Left, CancellationToken Deadline, CancellationToken Stop);

/// <summary>Searches for the smallest model that is accurate enough.</summary>
/// <param name="runner">Runs steps.</param>
/// <param name="space">What is searched.</param>
/// <param name="goal">What for.</param>
/// <param name="pace">How fast.</param>
public sealed class CompressionSearch(IStepRunner runner, SearchSpace space, SearchGoal goal, SearchPace pace)
{
    // Shares of channels whose costs are looked at before anything is trained, in thousandths.
    private static readonly int[] Shares = [100, 200, 300, 400, 500, 600, 700, 800, 900];

    // When so many trainings have failed and none has succeeded, more of them would fail too.
    private const int FailuresThatTell = 4;

    /// <summary>Told of every trial that has ended and of the knowledge that it went into.</summary>
    public event Action<Trial, SearchKnowledge>? Ended;

    /// <summary>Told what begins.</summary>
    public event Action<string>? Doing;

    /// <summary>Searches until the time is over or nothing is worth trying any more.</summary>
    /// <param name="originalAccuracy">Accuracy of the original on the validation items, 0 to 1.</param>
    /// <param name="known">Trials of an earlier search, whose steps the runner has.</param>
    /// <exception cref="CompressionException">The original cannot even be quantised.</exception>
    /// <exception cref="OperationCanceledException">Somebody wanted it to stop.</exception>
    public async Task<SearchKnowledge> Run(double originalAccuracy, IReadOnlyList<(Design Design, int Level)> known)
    {
        Doing?.Invoke("quantising the original");
        var baseline = await Trial.Run(runner, space, space.Baseline, SearchSpace.Untrained, true, pace.Stop).ConfigureAwait(false);
        if (!baseline.IsMeasured)
        {
            throw new CompressionException(baseline.Failure?.Sentence ?? "the accuracy of the quantised original could not be measured");
        }

        var knowledge = new SearchKnowledge(space, goal, originalAccuracy, baseline);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(pace.Deadline, pace.Stop);
        try
        {
            await Remember(knowledge, known, pace.Stop).ConfigureAwait(false);
            Doing?.Invoke("looking at what designs cost");
            await Price(knowledge, [("", 0), .. Coarse()], limit.Token).ConfigureAwait(false);
            if (knowledge.Candidates.Count > 0)
            {
                Doing?.Invoke("training");
                await Try(knowledge, limit.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!pace.Stop.IsCancellationRequested)
        {
            // The time is over: what is known by now is the result.
        }

        return knowledge;
    }

    private static bool IsHopeless(SearchKnowledge knowledge)
    {
        var trained = knowledge.Trials.Where(t => t.Level > SearchSpace.Untrained).ToList();
        return trained.Count >= FailuresThatTell && trained.All(t => t.Failure is not null);
    }

    private IEnumerable<(string, int)> Coarse() => space.Families.SelectMany(f => Shares.Select(s => (f.Name, s)));

    private async Task Remember(SearchKnowledge knowledge, IReadOnlyList<(Design Design, int Level)> known, CancellationToken cancellation)
    {
        foreach (var (design, level) in known.Where(k => k != (space.Baseline, SearchSpace.Untrained)))
        {
            knowledge.Add(await Trial.Run(runner, space, design, level, true, cancellation).ConfigureAwait(false));
        }

        // Shares between the coarse ones were candidates then and are so again.
        var fine = known.Select(k => (k.Design.Family, k.Design.Permille)).Distinct().Except([("", 0), .. Coarse()]);
        await Price(knowledge, [.. fine], cancellation).ConfigureAwait(false);
    }

    /// <summary>Finds out what choices of channels cost in each form of weights.</summary>
    private async Task Price(
        SearchKnowledge knowledge,
        IReadOnlyList<(string Family, int Permille)> choices,
        CancellationToken cancellation
    )
    {
        var prices = new IReadOnlyList<Trial>[choices.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = pace.Jobs, CancellationToken = cancellation };
        await Parallel
            .ForAsync(
                0,
                choices.Count,
                options,
                async (i, stop) =>
                {
                    var trials = new List<Trial>();
                    foreach (var form in space.Forms)
                    {
                        var design = new Design(choices[i].Family, choices[i].Permille, form.Name, space.Recoveries[0].Name);
                        trials.Add(await Trial.Run(runner, space, design, SearchSpace.Untrained, false, stop).ConfigureAwait(false));
                        if (trials[^1] is { Failure: not null, Steps.Count: 1 } && design.Permille > 0)
                        {
                            // Every form begins with this step.
                            break;
                        }
                    }

                    prices[i] = trials;
                }
            )
            .ConfigureAwait(false);
        // In the order of the choices, not in that in which they ended.
        foreach (var price in prices)
        {
            knowledge.AddPrices(price);
        }
    }

    /// <summary>Keeps as many trials running as there are jobs, until the policy has no more.</summary>
    private async Task Try(SearchKnowledge knowledge, CancellationToken cancellation)
    {
        var running = new Dictionary<Task<Trial>, Design>();
        using var failing = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            while (true)
            {
                while (
                    running.Count < pace.Jobs
                    && !IsHopeless(knowledge)
                    && SearchPolicy.Next(knowledge, runner.OriginalId, running.Values, pace.Left()) is { } next
                )
                {
                    var design = next.Candidate.Design;
                    running.Add(Trial.Run(runner, space, design, next.Level, true, failing.Token), design);
                }

                if (running.Count == 0)
                {
                    return;
                }

                var ended = await Task.WhenAny(running.Keys).ConfigureAwait(false);
                running.Remove(ended);
                var trial = await ended.ConfigureAwait(false);
                knowledge.Add(trial);
                Ended?.Invoke(trial, knowledge);
                if (SearchPolicy.Refinements(knowledge) is { Count: > 0 } finer)
                {
                    await Price(knowledge, finer, cancellation).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            // No trial outlives the search: where one throws, the others stop too, and have stopped when this returns.
            await failing.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running.Keys).ContinueWith(_ => { }, TaskScheduler.Default).ConfigureAwait(false);
        }
    }
}
