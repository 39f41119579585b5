namespace ModelCompiler.Compression.Search;

/// <summary>Predicts how long a trial takes from what trials have taken.</summary>
internal sealed class TimeModel
{
    // Training computes a gradient for each layer's inputs and weights besides its outputs; the teacher has outputs only, and once
    // unless items are changed at random.
    private const double PassesOfTraining = 3;

    // Until one was run: so that what trains nothing comes first.
    private const double UsualSeconds = 5;

    private readonly SearchKnowledge _knowledge;
    private readonly string _originalId;
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (double Seconds, double Work)> _spent = new(StringComparer.Ordinal);

    public TimeModel(SearchKnowledge knowledge, string originalId)
    {
        (_knowledge, _originalId) = (knowledge, originalId);
        foreach (var trial in knowledge.Trials)
        {
            var steps = knowledge.Space.Steps(trial.Design, trial.Level);
            foreach (var (step, result) in steps.Zip(trial.Steps))
            {
                if (result.Size is { } size && _done.Add(result.Id))
                {
                    var (seconds, work) = _spent.GetValueOrDefault(step.Command);
                    _spent[step.Command] = (seconds + result.Seconds, work + WorkOf(step, size.Macs));
                }
            }
        }
    }

    /// <summary>Seconds that a trial will take, without the steps whose results are there.</summary>
    public double Estimate(Candidate candidate, int level)
    {
        var (parent, seconds) = (_originalId, 0.0);
        foreach (var step in _knowledge.Space.Steps(candidate.Design, level))
        {
            parent = step.IdAfter(parent);
            if (!_done.Contains(parent))
            {
                var work = WorkOf(step, candidate.Size.Macs);
                seconds +=
                    _spent.TryGetValue(step.Command, out var spent) ? spent.Seconds / spent.Work * work
                    : step.Trains ? UsualSeconds * work
                    : 0;
            }
        }

        return seconds;
    }

    private double WorkOf(SearchStep step, long macs) =>
        step.Trains ? 1 + (step.Epochs * PassesOfTraining * macs / Math.Max(_knowledge.Baseline.Size!.Macs, 1)) : 1;
}
