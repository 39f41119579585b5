using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Training;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Pruning;

namespace ModelCompiler.Cli;

/// <summary>What <c>prune</c> needs libtorch for: importances by gradients, and steps with training between them.</summary>
internal sealed class PruneTraining(Terminal terminal, PruneArguments arguments, CompressionTask task)
{
    private readonly TrainingSession _session = new(terminal, arguments.Training, task.Parsed);
    private readonly TrainingOptions _options = arguments.Training.Options(task.Parsed);

    /// <summary>How much the weights of a model matter to the loss.</summary>
    public WeightImportance Importance(ModelSource source)
    {
        _session.LoadTorch();
        if (_options.Threads > 0)
        {
            TorchSharp.torch.set_num_threads(_options.Threads);
        }

        using var model = Open(CompressibleModel.Plain(source));
        var items = task.Data.ItemsToLearn(task.Parsed, task.File, model, "--criterion taylor");
        var scores = TaylorImportance.Of(
            model,
            items,
            _options.Loss,
            _options.BatchSize,
            task.Data.Samples(task.Parsed),
            task.Cancellation
        );
        return weight => scores.GetValueOrDefault(weight.Name);
    }

    /// <summary>Prunes in steps and trains after each.</summary>
    /// <param name="schedule">How much each step prunes.</param>
    /// <param name="prune">Prunes a model for a step.</param>
    /// <param name="describe">Says what was done to the layers, of the model that came of it.</param>
    public Compressed InSteps(
        SparsitySchedule schedule,
        Func<ModelSource, int, byte[]> prune,
        Func<ModelSource, IReadOnlyList<LayerChange>> describe
    )
    {
        _session.LoadTorch();
        var work = new PruningWork(
            prune,
            Open,
            model => task.Data.ItemsToLearn(task.Parsed, task.File, model, "--steps"),
            arguments.Key(task.Parsed)
        );
        var history = terminal.WithProgress("pruning and training", progress => Run(schedule, work, progress));
        return new(history.Model, describe(new(task.File.Path, history.Model, _ => null)))
        {
            Steps = history.Steps,
            Remarks = history.Stopped is null ? [] : [history.Stopped],
        };
    }

    private PruningHistory Run(SparsitySchedule schedule, PruningWork work, Action<double> progress)
    {
        GradualPruning? pruning = null;
        (int Training, int Validation, IReadOnlyList<string> Remarks) items = (0, 0, []);
        pruning = new(task.File.Source, schedule, _options, work)
        {
            OnStep = (step, training) =>
            {
                items = (training.TrainingCount, training.ValidationCount, training.Remarks);
                if (step == 1)
                {
                    _session.WriteHead(training, _options);
                }

                _session.WriteLine(TrainingLog.Head(step, schedule.At(step)));
            },
            OnEpoch = epoch =>
            {
                _session.WriteLine(TrainingLog.Row(epoch));
                _session.SaveState(pruning!.Save);
            },
            OnProgress = progress,
        };
        if (_session.SavedState() is { } state)
        {
            pruning.Resume(state);
        }

        var history = pruning.Run(task.Cancellation);
        _session.SaveState(pruning.Save);
        var last = history.Steps[^1].BestEpoch;
        _session.WriteEpochs(
            Path.GetFileName(task.File.Path),
            new(_options, items.Training, items.Validation, history.Epochs, last, history.Stopped, items.Remarks) { Steps = history.Steps }
        );
        return history;
    }

    private TrainableModel Open(ModelSource source) => TrainableModel.Open(source, task.Compile.Dimensions);
}
