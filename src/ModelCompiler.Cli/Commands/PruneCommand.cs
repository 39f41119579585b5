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
        Blocks,
    }

    // What sensitivity analysis tries.
    private static readonly double[] Shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    public static Command Create(Terminal terminal)
    {
        var method = new Option<Method>("--method")
        {
            Description =
                "weights: the least become zero. channels: the least go, with all that computes and reads them. blocks: residual blocks go, and layers that give the shape they take.",
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
        var blocks = new Option<int>("--blocks") { Description = "Most blocks that go.", DefaultValueFactory = _ => 1 };
        var maxDrop = new Option<double?>("--max-drop")
        {
            Description =
                "Most that accuracy (0.01 is one image in a hundred), or else the relative error of the outputs, may become worse: the share of each layer is chosen by what the layer bears, in place of --amount.",
        };
        var command = new Command("prune", "Make the least important weights zero, or take the least important channels or blocks out.")
        {
            method,
            amount,
            scope,
            pattern,
            criterion,
            multiple,
            blocks,
            maxDrop,
        };
        return command.WithCompression(
            terminal,
            task =>
            {
                var parsed = task.Parsed;
                var (share, of, drop) = (parsed.GetValue(amount), parsed.GetValue(scope), parsed.GetValue(maxDrop));
                switch (parsed.GetValue(method))
                {
                    case Method.Blocks:
                        return terminal.During("removing blocks", () => Blocks(task, parsed.GetValue(blocks), drop));
                    case Method.Channels:
                        var channels = new ChannelPruningOptions(share)
                        {
                            Scope = of,
                            Criterion = parsed.GetValue(criterion),
                            Multiple = parsed.GetValue(multiple),
                            Layers = task.Layers,
                            Compile = task.Compile,
                        };
                        return drop is null
                            ? terminal.During("pruning", () => Channels(task, channels))
                            : Within(
                                terminal,
                                task,
                                drop.Value,
                                shares => Channels(task, channels with { Amount = 0, Scope = PruningScope.Layer, LayerAmounts = shares })
                            );
                    default:
                        var weights = new WeightPruningOptions(share)
                        {
                            Scope = of,
                            Pattern = PatternOf(parsed.GetRequiredValue(pattern)),
                            Layers = task.Layers,
                        };
                        if (drop is not null && weights.Pattern is KeepOfEach)
                        {
                            throw new CommandException($"--max-drop: the pattern {weights.Pattern} leaves nothing to choose.");
                        }

                        return drop is null
                            ? terminal.During("pruning", () => Weights(task, weights))
                            : Within(
                                terminal,
                                task,
                                drop.Value,
                                shares => Weights(task, weights with { Amount = 0, Scope = PruningScope.Layer, LayerAmounts = shares })
                            );
                }
            }
        );
    }

    /// <summary>Prunes each layer as far as the whole bears it.</summary>
    private static Compressed Within(
        Terminal terminal,
        CompressionTask task,
        double drop,
        Func<IReadOnlyDictionary<string, double>, Compressed> prune
    )
    {
        if (!(drop >= 0))
        {
            throw new CommandException("--max-drop: expected a number of at least 0.");
        }

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

    private static Compressed Blocks(CompressionTask task, int blocks, double? drop)
    {
        var shorter = BlockPruning.Run(
            task.File.Source,
            task.Choice.Value,
            new BlockPruningOptions(blocks, drop ?? double.PositiveInfinity) { Layers = task.Layers, Compile = task.Compile },
            task.Cancellation
        );
        return new Compressed(
            shorter.Model,
            [.. shorter.Removed.Select(r => new LayerChange([r.Name], $"block removed, {r.Nodes} nodes"))]
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
