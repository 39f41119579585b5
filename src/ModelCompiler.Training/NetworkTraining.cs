using System.Diagnostics;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Native;
using ModelCompiler.Training.Optimisation;
using static TorchSharp.torch;

namespace ModelCompiler.Training;

/// <summary>
/// Trains a model on items: epochs of shuffled batches, after each a measurement on items that are held back. The weights of the best
/// epoch are kept. With the same seed and number of threads it gives the same network, also where it was resumed in between.
/// </summary>
public sealed class NetworkTraining : IDisposable
{
    private const int MeasuredBatch = 500;

    private readonly TrainableModel _model;
    private readonly TrainingItems _items;
    private readonly TrainingOptions _options;
    private readonly TrainingObjective? _objective;
    private readonly IReadOnlyList<TrainableParameter> _parameters;
    private readonly ItemSplit _split;
    private readonly ConstrainedOptimiser _optimiser;
    private List<EpochResult> _epochs = [];
    private float[][] _best = [];

    /// <summary>Prepares to train a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="items">What it learns from.</param>
    /// <param name="options">How.</param>
    /// <param name="objective">What is minimised; null for the loss that the options name, against the targets.</param>
    /// <exception cref="TrainingException">Model, items and options do not go together; the message says why.</exception>
    public NetworkTraining(TrainableModel model, TrainingItems items, TrainingOptions options, TrainingObjective? objective = null)
    {
        (_model, _items, _options, _objective) = (model, items, options, objective);
        _parameters = [.. model.Parameters, .. objective?.Parameters ?? []];
        if (options.BatchSize < 1 || options.BatchSize % model.FileBatch != 0)
        {
            throw new TrainingException(
                $"the batch size is {options.BatchSize}; the model's is {model.FileBatch}, and a batch must be a multiple of it"
            );
        }

        if (options.Epochs < 1 || !(options.ValidationPart is > 0 and < 1))
        {
            throw new TrainingException(
                "training needs at least one epoch, and a part of the items, more than 0 and less than 1, to measure on"
            );
        }

        if (!items.HasTargets && objective is null or { UsesTargets: true })
        {
            throw new TrainingException(
                "the items have neither classes nor other targets, which only learning from teachers alone (an alpha of 1) can do without"
            );
        }

        if (options.Threads > 0)
        {
            set_num_threads(options.Threads);
        }

        _split = Split(items, model, options);
        Loss.Check(options.Loss, model, items);
        Remarks = [.. FindRemarks()];
        _optimiser = new ConstrainedOptimiser(model, options.Optimiser, objective?.Parameters ?? []);
    }

    /// <summary>What is odd about the data, as sentences.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>Number of items that are learnt from.</summary>
    public int TrainingCount => _split.Learning.Count;

    /// <summary>Number of items that are held back to choose the epoch.</summary>
    public int ValidationCount => _split.Validation.Count;

    /// <summary>Trains the model in place; at the end it has the weights of the best epoch.</summary>
    /// <param name="onEpoch">Told of every epoch, after which <see cref="Save"/> may be called.</param>
    /// <param name="onProgress">Told the part that is done.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="NoLossException">The loss is no number before any epoch ended.</exception>
    public TrainingHistory Run(
        Action<EpochResult>? onEpoch = null,
        Action<double>? onProgress = null,
        CancellationToken cancellation = default
    )
    {
        if (!_options.Augments)
        {
            _objective?.Prepare(_items, cancellation);
        }

        string? stopped = null;
        var best = _epochs.Aggregate((EpochResult?)null, (b, e) => e.IsBetterThan(b) ? e : b);
        while (stopped is null && _epochs.Count < _options.Epochs)
        {
            var (epoch, clock) = (_epochs.Count + 1, Stopwatch.StartNew());
            var (loss, lost) = TrainEpoch(epoch, onProgress, cancellation);
            var measured = lost is null
                ? Measure(_model, _items, _options.Loss, [.. _split.Validation], cancellation, _objective)
                : new Measurement(double.NaN, null);
            if (!double.IsFinite(measured.Loss))
            {
                stopped =
                    $"The loss was no number any more in epoch {epoch}, {lost ?? "on the items held back"}; a lower learning rate may help.";
                break;
            }

            var result = new EpochResult(epoch, loss, measured.Loss, measured.Accuracy, clock.Elapsed.TotalSeconds);
            _epochs.Add(result);
            if (result.IsBetterThan(best))
            {
                best = result;
                _best = [.. _parameters.Select(p => p.ToArray())];
            }

            onEpoch?.Invoke(result);
            if (_options.Patience > 0 && epoch - best!.Epoch >= _options.Patience)
            {
                stopped = $"There was no improvement in the {_options.Patience} epochs after epoch {best.Epoch}.";
            }
        }

        _model.IsTraining = false;
        if (best is null)
        {
            throw new NoLossException(stopped!);
        }

        Restore(_best);
        return new(_epochs, best, stopped);
    }

    /// <summary>Measures the model, as it is, on the items that are held back: against their targets or, without such, by what is minimised.</summary>
    public Measurement MeasureValidation(CancellationToken cancellation = default) =>
        Measure(_model, _items, _options.Loss, [.. _split.Validation], cancellation, _items.HasTargets ? null : _objective);

    /// <summary>Measures the model, as it is, on other items: against their targets or, without such, by what is minimised.</summary>
    /// <exception cref="TrainingException">The items do not fit the model.</exception>
    public Measurement Measure(TrainingItems items, CancellationToken cancellation = default)
    {
        Loss.Check(_options.Loss, _model, items);
        return Measure(_model, items, _options.Loss, Whole(_model, items), cancellation, items.HasTargets ? null : _objective);
    }

    /// <summary>Measures a model on items.</summary>
    /// <exception cref="TrainingException">The items do not fit the model.</exception>
    public static Measurement Measure(TrainableModel model, TrainingItems items, LossKind loss, CancellationToken cancellation = default)
    {
        Loss.Check(loss, model, items);
        return Measure(model, items, loss, Whole(model, items), cancellation);
    }

    /// <summary>Everything that is needed to go on later.</summary>
    public byte[] Save() =>
        new Checkpoint(
            Checkpoint.KeyOf(_model, _items, _options, _objective),
            _epochs,
            [.. _parameters.Select(p => p.ToArray())],
            _best,
            _optimiser.SaveState()
        ).ToBytes();

    /// <summary>Goes on where <see cref="Save"/> was called.</summary>
    /// <exception cref="TrainingException">The checkpoint is damaged, or of another training.</exception>
    public void Resume(byte[] checkpoint)
    {
        var saved = Checkpoint.Read(checkpoint, Checkpoint.KeyOf(_model, _items, _options, _objective), _parameters);
        Restore(saved.Current);
        (_epochs, _best) = ([.. saved.Epochs], saved.Best);
        _optimiser.LoadState(saved.Optimiser);
    }

    /// <inheritdoc/>
    public void Dispose() => _optimiser.Dispose();

    /// <summary>The items that make whole batches of the model's own size.</summary>
    private static int[] Whole(TrainableModel model, TrainingItems items) =>
        [.. Enumerable.Range(0, items.Count / model.FileBatch * model.FileBatch)];

    private IEnumerable<string> FindRemarks()
    {
        if (_options.Loss == LossKind.CrossEntropy && _items.Labels is { } labels)
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            int[] first = [.. Enumerable.Range(0, _model.FileBatch)];
            var classes = _model.Forward(_items.Inputs(first, null)).Scores.shape[1];
            if (EmptyClasses(labels, _split.Learning, classes) is { Count: > 0 } empty)
            {
                yield return $"No training item has the class {string.Join(", ", empty.Take(10))}{(empty.Count > 10 ? " or others" : "")}, which the network tells apart.";
            }
        }
    }

    /// <summary>The split that all commands make, of which a network of fixed batches measures whole ones only.</summary>
    private static ItemSplit Split(TrainingItems items, TrainableModel model, TrainingOptions options)
    {
        try
        {
            var split = ItemSplit.Of(items.Items, options.ValidationPart, options.Seed, model.FileBatch);
            return split with { Validation = [.. split.Validation.Take(split.Validation.Count / model.FileBatch * model.FileBatch)] };
        }
        catch (CompressionException e)
        {
            throw new TrainingException(e.Message, e);
        }
    }

    /// <summary>Classes that the network tells apart but that no item has that is learnt from.</summary>
    private static List<long> EmptyClasses(IReadOnlyList<long> labels, IEnumerable<int> learning, long classes)
    {
        var present = learning.Select(i => labels[i]).ToHashSet();
        return [.. Enumerable.Range(0, (int)classes).Select(c => (long)c).Where(c => !present.Contains(c))];
    }

    private void Restore(IReadOnlyList<float[]> parameters)
    {
        for (var i = 0; i < parameters.Count; i++)
        {
            _parameters[i].Set(parameters[i]);
        }
    }

    /// <summary>The mean loss, and the batch in which it was no number any more, in words; null where it always was.</summary>
    private (double Loss, string? Lost) TrainEpoch(int epoch, Action<double>? onProgress, CancellationToken cancellation)
    {
        _model.IsTraining = true;
        // An order of its own for each epoch, so that one can be resumed without those before it.
        var random = new Random(unchecked((_options.Seed * 1_000_003) + epoch));
        int[] order = [.. _split.Learning];
        random.Shuffle(order);
        var batches = Batches(order, _options.BatchSize, _model.FileBatch).ToList();
        double sum = 0;
        for (var i = 0; i < batches.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var (before, after) = (epoch - 1 + ((double)i / batches.Count), epoch - 1 + ((i + 1.0) / batches.Count));
            _optimiser.SetRate(_options.Schedule.Factor(before, after, _options.Epochs));
            using var scope = NewDisposeScope();
            _optimiser.ZeroGradients();
            var inputs = _items.Inputs(batches[i], _options.Augments ? random : null);
            using var pause = CollectionPause.Begin();
            var (outputs, targets) = (_model.Forward(inputs), _items.Targets(batches[i], _options.Loss));
            var loss =
                _objective?.Of(outputs, new(_items, batches[i], _options.Augments, inputs, targets))
                ?? Loss.Of(_options.Loss, outputs, targets);
            var value = loss.item<float>();
            if (!float.IsFinite(value))
            {
                return (double.NaN, $"batch {i + 1} of {batches.Count}");
            }

            if (!loss.requires_grad)
            {
                throw new TrainingException(
                    "no parameter that is trained has a gradient: what they influence is cut off, or compared only"
                );
            }

            loss.backward();
            _optimiser.Step();
            sum += value * batches[i].Length;
            onProgress?.Invoke(after / _options.Epochs);
        }

        return (sum / batches.Sum(b => b.Length), null);
    }

    private static Measurement Measure(
        TrainableModel model,
        TrainingItems items,
        LossKind kind,
        int[] which,
        CancellationToken cancellation,
        TrainingObjective? objective = null
    )
    {
        model.IsTraining = false;
        using var noGradient = no_grad();
        var (loss, right) = (0.0, (double?)0);
        var size = Math.Max(MeasuredBatch / model.FileBatch, 1) * model.FileBatch;
        foreach (var batch in which.Chunk(size))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var inputs = items.Inputs(batch, null);
            using var pause = CollectionPause.Begin();
            var (outputs, targets) = (model.Forward(inputs), items.Targets(batch, kind));
            loss +=
                (objective?.Of(outputs, new(items, batch, false, inputs, targets)) ?? Loss.Of(kind, outputs, targets)).item<float>()
                * batch.Length;
            right += objective is { UsesTargets: false } ? null : Loss.Right(kind, outputs, targets);
        }

        return new(loss / which.Length, right / which.Length);
    }

    /// <summary>Batches without what is left over below the model's own size, and without a last one of a single item, which has no variance.</summary>
    private static IEnumerable<int[]> Batches(int[] order, int size, int multiple) =>
        order
            .Chunk(size)
            .Select(b => b[..(b.Length / multiple * multiple)])
            .Where(b => b.Length > 1 || (b.Length == 1 && (order.Length == 1 || size == 1)));
}
