using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Pruning;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc prune</c>: weights become zero, or channels go.</summary>
internal static class PruneCommand
{
    private enum Method
    {
        Weights,
        Channels,
    }

    public static Command Create(Terminal terminal)
    {
        var method = new Option<Method>("--method")
        {
            Description = "weights: the least become zero. channels: the least go, with all that computes and reads them.",
            DefaultValueFactory = _ => Method.Weights,
        };
        var amount = new Option<double>("--amount")
        {
            Description = "The share that goes, 0 to 1; with --scope threshold the least magnitude (of channels: score) that stays.",
            DefaultValueFactory = _ => 0.5,
        };
        var scope = new Option<PruningScope>("--scope")
        {
            Description = "Of what the amount is a share: of each layer, or of all together (global); or that it is a threshold.",
            DefaultValueFactory = _ => PruningScope.Layer,
        };
        var pattern = new Option<string>("--pattern")
        {
            Description = $"Which weights become zero together: {SparsityPattern.Forms}.",
            DefaultValueFactory = _ => "unstructured",
        };
        var criterion = new Option<ChannelCriterion>("--criterion")
        {
            Description = "How channels are weighed: l1 or l2 of their weights, or the scale of their batchnormalization.",
            DefaultValueFactory = _ => ChannelCriterion.L1,
        };
        criterion.AcceptOnlyFromAmong("l1", "l2", "batchnormalization", "L1", "L2", "BatchNormalization");
        var multiple = new Option<int>("--multiple")
        {
            Description = "What is left of a layer is a multiple of this number of channels.",
            DefaultValueFactory = _ => 1,
        };
        var command = new Command("prune", "Make the least important weights zero, or take the least important channels out.")
        {
            method,
            amount,
            scope,
            pattern,
            criterion,
            multiple,
        };
        return command.WithCompression(
            terminal,
            task =>
                terminal.During(
                    "pruning",
                    () =>
                        task.Parsed.GetValue(method) == Method.Weights
                            ? Weights(
                                task,
                                new WeightPruningOptions(task.Parsed.GetValue(amount))
                                {
                                    Scope = task.Parsed.GetValue(scope),
                                    Pattern = PatternOf(task.Parsed.GetRequiredValue(pattern)),
                                    Layers = task.Layers,
                                }
                            )
                            : Channels(
                                task,
                                new ChannelPruningOptions(task.Parsed.GetValue(amount))
                                {
                                    Scope = task.Parsed.GetValue(scope),
                                    Criterion = task.Parsed.GetValue(criterion),
                                    Multiple = task.Parsed.GetValue(multiple),
                                    Layers = task.Layers,
                                    Compile = task.Compile,
                                }
                            )
                )
        );
    }

    private static SparsityPattern PatternOf(string text) =>
        SparsityPattern.Parse(text) ?? throw new CommandException($"--pattern: '{text}' is none of {SparsityPattern.Forms}.");

    private static Compressed Weights(CompressionTask task, WeightPruningOptions options)
    {
        var sparse = WeightPruning.Run(task.File.Source, options);
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

    private static Compressed Channels(CompressionTask task, ChannelPruningOptions options)
    {
        var narrow = ChannelPruning.Run(task.File.Source, options);
        return new Compressed(
            narrow.Model,
            [.. narrow.Groups.Select(g => new LayerChange(g.Layers, $"{g.Before} channels, {g.After} left"))]
        );
    }
}
