using System.Security.Cryptography;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;

namespace ModelCompiler.Training.Pruning;

/// <summary>What pruning in steps needs from whoever wants it.</summary>
/// <param name="Prune">Prunes a model for a step, numbered from 1.</param>
/// <param name="Open">Opens a pruned model to train it.</param>
/// <param name="Items">Gives the items that it learns from.</param>
/// <param name="Key">Says in words what is pruned and how, so that a checkpoint of another run is recognised.</param>
public sealed record PruningWork(
    Func<ModelSource, int, byte[]> Prune,
    Func<ModelSource, TrainableModel> Open,
    Func<TrainableModel, TrainingItems> Items,
    string Key
);

/// <summary>
/// Prunes a model in steps, each followed by training in which weights that are zero stay zero. With the same seed and number of threads
/// it gives the same model, also where it was resumed in between. libtorch has to be loaded.
/// </summary>
public sealed class GradualPruning
{
    private readonly ModelSource _source;
    private readonly SparsitySchedule _schedule;
    private readonly TrainingOptions _options;
    private readonly PruningWork _work;
    private readonly string _key;
    private PruningCheckpoint _state;

    /// <summary>Prepares to prune a model.</summary>
    /// <param name="source">The model.</param>
    /// <param name="schedule">How much each step prunes.</param>
    /// <param name="options">How is trained after each.</param>
    /// <param name="work">How is pruned.</param>
    /// <exception cref="TrainingException">The schedule is none.</exception>
    public GradualPruning(ModelSource source, SparsitySchedule schedule, TrainingOptions options, PruningWork work)
    {
        schedule.Check();
        (_source, _schedule, _options, _work) = (source, schedule, options, work);
        _key = string.Join(
            '\n',
            Convert.ToHexString(SHA256.HashData(source.Bytes)),
            $"{schedule}",
            $"{options with { Threads = 0 }}",
            work.Key
        );
        _state = new([], [], source.Bytes, []);
    }

    /// <summary>Told before the training of a step begins.</summary>
    public Action<int, NetworkTraining>? OnStep { get; init; }

    /// <summary>Told of each epoch, numbered over all steps, after which <see cref="Save"/> may be called.</summary>
    public Action<EpochResult>? OnEpoch { get; init; }

    /// <summary>Told the part that is done.</summary>
    public Action<double>? OnProgress { get; init; }

    /// <summary>Everything that is needed to go on later.</summary>
    public byte[] Save() => _state.ToBytes(_key);

    /// <summary>Goes on where <see cref="Save"/> was called.</summary>
    /// <exception cref="TrainingException">The checkpoint is damaged, or of another run.</exception>
    public void Resume(byte[] checkpoint) => _state = PruningCheckpoint.Read(checkpoint, _key);

    /// <summary>Prunes and trains. Where a loss is no number any more, what the step before has given is kept.</summary>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="NoLossException">The loss is no number in the very first epoch.</exception>
    public PruningHistory Run(CancellationToken cancellation = default)
    {
        string? stopped = null;
        while (stopped is null && _state.Steps.Count < _schedule.Steps)
        {
            var step = _state.Steps.Count + 1;
            try
            {
                Take(step, cancellation);
            }
            catch (NoLossException e) when (step > 1)
            {
                stopped =
                    $"Step {step} of {_schedule.Steps} could not be trained, and the model is that of the step before it. {e.Message}";
            }
        }

        return new(_state.Model, _state.Steps, _state.Epochs, stopped);
    }

    private void Take(int step, CancellationToken cancellation)
    {
        var (before, resumed) = (_state, _state.Training);
        var pruned = resumed.Length > 0 ? before.Model : _work.Prune(At(before.Model), step);
        using var model = _work.Open(At(pruned));
        PruningMask.KeepZeros(model);
        using var training = new NetworkTraining(model, _work.Items(model), _options);
        if (resumed.Length > 0)
        {
            training.Resume(resumed);
        }

        OnStep?.Invoke(step, training);
        try
        {
            var history = training.Run(
                epoch =>
                {
                    _state = before with { Model = pruned, Training = training.Save() };
                    OnEpoch?.Invoke(Numbered(epoch, before));
                },
                part => OnProgress?.Invoke((step - 1 + part) / _schedule.Steps),
                cancellation
            );
            _state = Done(step, before, history, model.ToOnnx());
        }
        catch (NoLossException)
        {
            _state = before;
            throw;
        }
    }

    private PruningCheckpoint Done(int step, PruningCheckpoint before, TrainingHistory history, byte[] model) =>
        new(
            [
                .. before.Steps,
                new(
                    step,
                    _schedule.At(step),
                    before.Epochs.Count + 1,
                    history.Epochs.Count,
                    before.Epochs.Count + history.Best.Epoch,
                    history.Best.ValidationLoss,
                    history.Best.ValidationAccuracy,
                    history.Stopped
                ),
            ],
            [.. before.Epochs, .. history.Epochs.Select(e => Numbered(e, before))],
            model,
            []
        );

    private static EpochResult Numbered(EpochResult epoch, PruningCheckpoint before) =>
        epoch with
        {
            Epoch = before.Epochs.Count + epoch.Epoch,
        };

    private ModelSource At(byte[] model) => new(_source.Path, model, _source.ReadExternalData);
}
