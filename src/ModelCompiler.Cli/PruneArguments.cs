using System.CommandLine;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Training;
using ModelCompiler.Training.Pruning;

namespace ModelCompiler.Cli;

/// <summary>What <c>prune</c> takes out.</summary>
internal enum PruneMethod
{
    /// <summary>Single weights, or blocks of them, become zero.</summary>
    Weights,

    /// <summary>Channels go.</summary>
    Channels,

    /// <summary>Whole layers go.</summary>
    Blocks,
}

/// <summary>By what <c>prune</c> weighs weights and channels.</summary>
internal enum PruneCriterion
{
    /// <summary>Magnitudes.</summary>
    L1,

    /// <summary>Squares; of channels.</summary>
    L2,

    /// <summary>The scale of the batch normalisation behind a channel.</summary>
    BatchNormalization,

    /// <summary>What the loss would change by, to first order.</summary>
    Taylor,
}

/// <summary>The options of <c>prune</c>, and what they mean together.</summary>
internal sealed class PruneArguments
{
    private readonly Option<PruneMethod> _method = new("--method")
    {
        Description =
            "weights: the least become zero. channels: the least go, with all that computes and reads them. blocks: residual blocks go, and layers that give the shape they take.",
        DefaultValueFactory = _ => PruneMethod.Weights,
    };

    private readonly Option<double> _amount = new("--amount")
    {
        Description = "The share that goes, 0 to 1; with --scope threshold the least magnitude (of channels: score) that stays.",
        DefaultValueFactory = _ => 0.5,
    };

    private readonly Option<PruningScope> _scope = new("--scope")
    {
        Description = "Of what the amount is a share: of each layer, or of all together (global); or that it is a threshold.",
        DefaultValueFactory = _ => PruningScope.Layer,
    };

    private readonly Option<string> _pattern = new("--pattern")
    {
        Description = $"Which weights become zero together: {SparsityPattern.Forms}.",
        DefaultValueFactory = _ => "unstructured",
    };

    private readonly Option<PruneCriterion> _criterion = new("--criterion")
    {
        Description =
            "How weights and channels are weighed: l1, the sum of magnitudes; taylor, the sum of |w times the gradient of the loss| over --samples items of --data, which needs libtorch; channels also by l2, or by the scale of their batchnormalization.",
        DefaultValueFactory = _ => PruneCriterion.L1,
    };

    private readonly Option<int> _multiple = new("--multiple")
    {
        Description = "What is left of a layer is a multiple of this number of channels.",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> _blocks = new("--blocks") { Description = "Most blocks that go.", DefaultValueFactory = _ => 1 };

    private readonly Option<double?> _maxDrop = new("--max-drop")
    {
        Description =
            "Most that accuracy (0.01 is one item in a hundred), or else the relative error of the outputs, may become worse: the share of each layer is chosen by what the layer bears, in place of --amount.",
    };

    private readonly Option<int?> _steps = new("--steps")
    {
        Description =
            "Prune in so many steps, fast at first and slowly at the end, and train on --data after each, with zeros kept. Needs libtorch; the options of training count for each step.",
    };

    private readonly Option<double> _from = new("--from")
    {
        Description = "The share that --steps begin at.",
        DefaultValueFactory = _ => 0,
    };

    /// <summary>How is trained after each step.</summary>
    public TrainingArguments Training { get; } =
        new(
            new()
            {
                Epochs = 2,
                Optimiser = new() { LearningRate = 1e-3, WeightDecay = 0 },
                Schedule = new() { WarmUpEpochs = 0.5 },
            },
            "--training-threads"
        );

    /// <summary>Adds the command's own options; those of training come behind the shared ones.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_method, _amount, _scope, _pattern, _criterion, _multiple, _blocks, _maxDrop, _steps, _from];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    public PruneMethod Method(ParseResult parsed) => parsed.GetValue(_method);

    public int Blocks(ParseResult parsed) => parsed.GetValue(_blocks);

    public double? MaxDrop(ParseResult parsed) => parsed.GetValue(_maxDrop);

    public bool ByTaylor(ParseResult parsed) => parsed.GetValue(_criterion) == PruneCriterion.Taylor;

    /// <summary>How much each step prunes; null where there are no steps.</summary>
    public SparsitySchedule? Schedule(ParseResult parsed) =>
        parsed.GetValue(_steps) is { } steps ? new(parsed.GetValue(_from), parsed.GetValue(_amount), steps) : null;

    /// <summary>Everything that decides what is pruned, in words.</summary>
    public string Key(ParseResult parsed) =>
        string.Join(
            ' ',
            parsed.GetValue(_method),
            parsed.GetValue(_amount),
            parsed.GetValue(_scope),
            parsed.GetValue(_pattern),
            parsed.GetValue(_criterion),
            parsed.GetValue(_multiple),
            parsed.GetValue<string?>("--skip"),
            parsed.GetValue<string?>("--data")
        );

    /// <summary>How weights are pruned, by magnitude.</summary>
    public WeightPruningOptions Weights(CompressionTask task) =>
        new(task.Parsed.GetValue(_amount))
        {
            Scope = task.Parsed.GetValue(_scope),
            Pattern = PatternOf(task.Parsed.GetRequiredValue(_pattern)),
            Layers = task.Layers,
        };

    /// <summary>How channels are pruned.</summary>
    public ChannelPruningOptions Channels(CompressionTask task) =>
        new(task.Parsed.GetValue(_amount))
        {
            Scope = task.Parsed.GetValue(_scope),
            Criterion = task.Parsed.GetValue(_criterion) switch
            {
                PruneCriterion.L2 => ChannelCriterion.L2,
                PruneCriterion.BatchNormalization => ChannelCriterion.BatchNormalization,
                PruneCriterion.Taylor => ChannelCriterion.Given,
                _ => ChannelCriterion.L1,
            },
            Multiple = task.Parsed.GetValue(_multiple),
            Layers = task.Layers,
            Compile = task.Compile,
        };

    /// <summary>Refuses options that contradict each other, or that nothing would look at.</summary>
    /// <exception cref="CommandException">There are such.</exception>
    public void Check(ParseResult parsed)
    {
        var (method, criterion) = (parsed.GetValue(_method), parsed.GetValue(_criterion));
        if (method == PruneMethod.Weights && criterion is PruneCriterion.L2 or PruneCriterion.BatchNormalization)
        {
            throw new CommandException($"--criterion: {criterion} weighs channels; weights are weighed by l1 or taylor.");
        }

        if (method == PruneMethod.Blocks && IsGiven(parsed, _criterion))
        {
            throw new CommandException("--criterion: blocks are chosen by what is measured without them.");
        }

        if (MaxDrop(parsed) is < 0 or double.NaN)
        {
            throw new CommandException("--max-drop: expected a number of at least 0.");
        }

        if (parsed.GetValue(_steps) is null)
        {
            CheckWithoutSteps(parsed);
        }
        else
        {
            CheckSteps(parsed, method);
        }
    }

    private void CheckSteps(ParseResult parsed, PruneMethod method)
    {
        var reason =
            method == PruneMethod.Blocks ? "blocks go without steps"
            : MaxDrop(parsed) is not null ? "--max-drop prunes once"
            : parsed.GetValue(_scope) == PruningScope.Threshold ? "a threshold is no share that could rise"
            : PatternOf(parsed.GetRequiredValue(_pattern)) is KeepOfEach pattern ? $"the pattern {pattern} says how much is pruned"
            : null;
        if (reason is not null)
        {
            throw new CommandException($"--steps: {reason}.");
        }
    }

    private void CheckWithoutSteps(ParseResult parsed)
    {
        // What splits the data decides what is measured on, and importances need loss and batches.
        List<string> read = ["--seed", "--validation", .. ByTaylor(parsed) ? ["--loss", "--batch", "--training-threads"] : (string[])[]];
        IEnumerable<string> unread = [.. IsGiven(parsed, _from) ? [_from.Name] : (string[])[], .. Training.GivenBut(parsed, read)];
        if (unread.FirstOrDefault() is { } name)
        {
            throw new CommandException($"{name}: there is nothing to train without --steps.");
        }
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static SparsityPattern PatternOf(string text) =>
        SparsityPattern.Parse(text) ?? throw new CommandException($"--pattern: '{text}' is none of {SparsityPattern.Forms}.");
}
