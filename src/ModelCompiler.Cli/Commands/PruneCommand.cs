using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc prune</c>: weights become zero, or channels or blocks go.</summary>
internal static class PruneCommand
{
    // What sensitivity analysis tries.
    private static readonly double[] Shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    public static Command Create(Terminal terminal)
    {
        var arguments = new PruneArguments();
        var command = new Command("prune", "Make the least important weights zero, or take the least important channels or blocks out.");
        arguments.AddTo(command);
        command.WithCompression(
            terminal,
            task =>
            {
                arguments.Check(task.Parsed);
                return TrainingSession.Sentences(() =>
                    arguments.Method(task.Parsed) switch
                    {
                        PruneMethod.Blocks => terminal.During("removing blocks", () => Blocks(task, arguments)),
                        PruneMethod.Channels => Channels(terminal, task, arguments),
                        _ => Weights(terminal, task, arguments),
                    }
                );
            }
        );
        arguments.Training.AddTo(command);
        return command;
    }

    private static Compressed Weights(Terminal terminal, CompressionTask task, PruneArguments arguments)
    {
        var options = arguments.Weights(task);
        if (arguments.MaxDrop(task.Parsed) is not null && options.Pattern is KeepOfEach)
        {
            throw new CommandException($"--max-drop: the pattern {options.Pattern} leaves nothing to choose.");
        }

        var training = new PruneTraining(terminal, arguments, task);
        if (arguments.Schedule(task.Parsed) is { } schedule)
        {
            return training.InSteps(
                schedule,
                (source, step) => Prune(source, Weighed(options with { Amount = schedule.At(step) }, source)).Model,
                pruned => Prune(pruned, options with { Amount = 0, Scope = PruningScope.Layer }).Layers
            );
        }

        var weighed = Weighed(options, task.File.Source);
        return AtOnce(
            terminal,
            task,
            arguments,
            () => Prune(task.File.Source, weighed),
            shares => Prune(task.File.Source, weighed with { Amount = 0, Scope = PruningScope.Layer, LayerAmounts = shares })
        );

        WeightPruningOptions Weighed(WeightPruningOptions plain, ModelSource source) =>
            arguments.ByTaylor(task.Parsed) ? plain with { Importance = training.Importance(source) } : plain;
    }

    private static Compressed Channels(Terminal terminal, CompressionTask task, PruneArguments arguments)
    {
        var options = arguments.Channels(task);
        var training = new PruneTraining(terminal, arguments, task);
        if (arguments.Schedule(task.Parsed) is { } schedule)
        {
            // Of channels that are gone nothing is counted any more.
            return training.InSteps(
                schedule,
                (source, step) => Prune(source, Weighed(options with { Amount = schedule.OfRest(step) }, source)).Model,
                pruned => WidthChanges(task.File.Source, pruned, options)
            );
        }

        var weighed = Weighed(options, task.File.Source);
        return AtOnce(
            terminal,
            task,
            arguments,
            () => Prune(task.File.Source, weighed),
            shares => Prune(task.File.Source, weighed with { Amount = 0, Scope = PruningScope.Layer, LayerAmounts = shares })
        );

        ChannelPruningOptions Weighed(ChannelPruningOptions plain, ModelSource source) =>
            arguments.ByTaylor(task.Parsed) ? plain with { Importance = training.Importance(source) } : plain;
    }

    private static Compressed Blocks(CompressionTask task, PruneArguments arguments)
    {
        var most = arguments.MaxDrop(task.Parsed) ?? double.PositiveInfinity;
        var options = new BlockPruningOptions(arguments.Blocks(task.Parsed), most) { Layers = task.Layers, Compile = task.Compile };
        var shorter = BlockPruning.Run(task.File.Source, task.Choice.Value, options, task.Cancellation);
        return new Compressed(
            shorter.Model,
            [.. shorter.Removed.Select(r => new LayerChange([r.Name], $"block removed, {r.Nodes} nodes"))]
        );
    }

    /// <summary>Prunes by the amount or, where a drop is allowed, each layer as far as the whole bears it.</summary>
    private static Compressed AtOnce(
        Terminal terminal,
        CompressionTask task,
        PruneArguments arguments,
        Func<Compressed> byAmount,
        Func<IReadOnlyDictionary<string, double>, Compressed> byShares
    ) => arguments.MaxDrop(task.Parsed) is { } drop ? Within(terminal, task, drop, byShares) : terminal.During("pruning", byAmount);

    /// <summary>Prunes each layer as far as the whole bears it.</summary>
    private static Compressed Within(
        Terminal terminal,
        CompressionTask task,
        double drop,
        Func<IReadOnlyDictionary<string, double>, Compressed> prune
    )
    {
        var layers = prune(new Dictionary<string, double>()).Layers.Select(l => l.Layers[0]).Distinct().ToList();
        return terminal.WithProgress(
            "pruning layer by layer",
            progress =>
            {
                var (done, all) = (0, layers.Count * Shares.Length);
                var sensitivity = Sensitivity.Analyse(
                    layers,
                    Shares,
                    s => prune(s).Model,
                    task.Choice.Value,
                    () => progress(++done / (double)all),
                    task.Cancellation
                );
                var shares = Sensitivity.Choose(sensitivity, drop, s => prune(s).Model, task.Choice.Value, task.Cancellation);
                return prune(shares) with { Sensitivity = [.. sensitivity.Select(LayerDrops.Of)] };
            }
        );
    }

    private static Compressed Prune(ModelSource source, WeightPruningOptions options)
    {
        var sparse = WeightPruning.Run(source, options);
        if (sparse.Layers.All(l => l.Zeros == l.Weights))
        {
            throw new CommandException($"--amount: {options.Amount} would leave no weight that is not zero.");
        }

        return new Compressed(
            sparse.Model,
            [
                .. sparse.Layers.Select(l => new LayerChange(
                    [l.Layer],
                    $"{l.Zeros} of {l.Weights} weights are zero ({CompressionReport.Percent((double)l.Zeros / l.Weights)})"
                )),
            ]
        );
    }

    private static Compressed Prune(ModelSource source, ChannelPruningOptions options)
    {
        var narrow = ChannelPruning.Run(source, options);
        return new Compressed(narrow.Model, [.. narrow.Groups.Select(g => Change(g.Layers, g.Before, g.After))]);
    }

    /// <summary>How wide the layers of a model were, and are in what came of it by several steps.</summary>
    private static List<LayerChange> WidthChanges(ModelSource before, ModelSource after, ChannelPruningOptions options)
    {
        var narrow = WeightTensor.AllOf(CompressibleModel.Read(after)).ToDictionary(w => w.Layer, w => w.Outputs);
        var wide = WeightTensor.AllOf(CompressibleModel.Read(before)).ToDictionary(w => w.Layer, w => w.Outputs);
        var groups = ChannelPruning
            .Run(before, options with { Amount = 0, Criterion = ChannelCriterion.L1, Scope = PruningScope.Layer })
            .Groups;
        return
        [
            .. groups.Where(g => narrow.ContainsKey(g.Layers[0])).Select(g => Change(g.Layers, wide[g.Layers[0]], narrow[g.Layers[0]])),
        ];
    }

    private static LayerChange Change(IReadOnlyList<string> layers, int before, int after) =>
        new(layers, $"{before} channels, {after} left");
}
