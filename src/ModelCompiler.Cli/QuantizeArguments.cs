using System.CommandLine;
using ModelCompiler.Compression.Calibration;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Training.Rounding;

namespace ModelCompiler.Cli;

/// <summary>The arguments of <c>modelc quantize</c>.</summary>
internal sealed class QuantizeArguments
{
    private const string Learned = "learned";

    private static readonly Dictionary<string, RangeRule> RangeRules = new(StringComparer.Ordinal)
    {
        ["minmax"] = RangeRule.MinMax,
        ["average"] = RangeRule.Average,
        ["moving-average"] = RangeRule.MovingAverage,
        ["percentile"] = RangeRule.Percentile,
        ["entropy"] = RangeRule.Entropy,
        ["mse"] = RangeRule.Mse,
    };

    private readonly Option<bool> _signed = new("--signed") { Description = "Activations as signed integers instead of unsigned ones." };

    private readonly Option<string> _ranges = Choice(
        "--ranges",
        "Range of an activation: minmax (of all samples), average (of the samples' own ranges), moving-average (the last samples count most), or minmax cut at a percentile, where the distribution changes least (entropy) or where the error is least (mse).",
        [.. RangeRules.Keys]
    );

    private readonly Option<double> _percentile = Number(
        "--percentile",
        "With --ranges percentile: percent of the magnitudes that are not cut.",
        99.99,
        value => value is > 0 and <= 100,
        "a number above 0, at most 100"
    );

    private readonly Option<double> _momentum = Number(
        "--momentum",
        "With --ranges moving-average: what a sample still weighs after the next one.",
        0.99,
        value => value is > 0 and < 1,
        "a number above 0, below 1"
    );

    private readonly Option<int> _weightBits = Bits("--weight-bits", "Bits of a weight: 8, or 4, which stay so in the binary.", "8", "4");

    private readonly Option<string?> _keep = new("--keep-8")
    {
        Description = "A regular expression: layers whose name it matches keep weights of 8 bits.",
    };

    private readonly Option<long?> _maxWeightBytes = new("--max-weight-bytes")
    {
        Description = "Most bytes of weights, as baked: layers that bear it best get 4 bits, until the budget is met.",
    };

    private readonly Option<string> _weightScales = Choice(
        "--weight-scales",
        "Which weights share a scale: those of a channel or of a tensor.",
        ["channel", "tensor"]
    );

    private readonly Option<bool> _asymmetric = new("--asymmetric")
    {
        Description = "With --weight-scales tensor: integers from the lowest weight to the highest, with a zero point.",
    };

    private readonly Option<int> _activationBits = Bits(
        "--activation-bits",
        "Bits of an activation: 8, or 16 where 8 cost too much accuracy.",
        "8",
        "16"
    );

    private readonly Option<bool> _equalize = new("--equalize")
    {
        Description = "Even out the ranges of channels between layers first (cross-layer equalisation).",
    };

    private readonly Option<bool> _correctBias = new("--correct-bias")
    {
        Description = "Have biases make up for the mean error of quantised weights over the samples.",
    };

    private readonly Option<string> _rounding = Choice(
        "--rounding",
        "Weights become the nearest integers, or whether up or down is learned from the samples (AdaRound; needs libtorch).",
        ["nearest", Learned]
    );

    private readonly Option<int> _roundingSteps = Number(
        "--rounding-steps",
        "With --rounding learned: steps of the optimiser for each layer.",
        new AdaptiveRoundingOptions().Steps,
        value => value >= 1,
        "1 or more"
    );

    private readonly Option<int> _roundingSamples = Number(
        "--rounding-samples",
        "With --rounding learned: most samples to learn from.",
        new AdaptiveRoundingOptions().Samples,
        value => value >= 1,
        "1 or more"
    );

    private readonly Option<QuantisationRule> _rule = new("--rule")
    {
        Description =
            "How numbers become integers: nearest, or truncate: powers of two for scales, and bits of weights cut off, a plain baseline.",
        DefaultValueFactory = _ => QuantisationRule.Nearest,
    };

    /// <summary>The model, and how it is compiled.</summary>
    public ModelArguments Model { get; } = new();

    /// <summary>Where the quantised model goes.</summary>
    public Option<string> Output { get; } = new("--output", "-o") { Description = "Where the quantised model goes.", Required = true };

    /// <summary>The data.</summary>
    public DataOptions Calibration { get; } = new("--calibration", "Samples that decide the ranges", required: true);

    /// <summary>Leaves measured times out.</summary>
    public Option<bool> WithoutTime { get; } = Timing.Without();

    /// <summary>How many of them.</summary>
    public Option<int> Samples { get; } =
        new("--samples") { Description = "Most samples to calibrate with.", DefaultValueFactory = _ => 500 };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        Model.AddTo(command);
        Option[] options =
        [
            Output,
            Samples,
            WithoutTime,
            _signed,
            _ranges,
            _percentile,
            _momentum,
            _weightBits,
            _keep,
            _maxWeightBytes,
            _weightScales,
            _asymmetric,
            _activationBits,
            _equalize,
            _correctBias,
            _rounding,
            _roundingSteps,
            _roundingSamples,
            _rule,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        Calibration.AddTo(command, split: true);
    }

    /// <summary>The options that the user's choices make, but for the bits of single layers.</summary>
    public QuantisationOptions Options(ParseResult parsed) =>
        new()
        {
            SignedActivations = parsed.GetValue(_signed),
            Ranges = RangeRules[parsed.GetRequiredValue(_ranges)],
            Percentile = parsed.GetValue(_percentile),
            Momentum = parsed.GetValue(_momentum),
            WeightBits = parsed.GetValue(_weightBits),
            WeightScaling = parsed.GetValue(_weightScales) == "tensor" ? WeightScaling.Tensor : WeightScaling.Channel,
            AsymmetricWeights = parsed.GetValue(_asymmetric),
            ActivationBits = parsed.GetValue(_activationBits),
            Equalise = parsed.GetValue(_equalize),
            CorrectBias = parsed.GetValue(_correctBias),
            Rule = parsed.GetValue(_rule),
            Rounding =
                parsed.GetValue(_rounding) == Learned
                    ? new AdaptiveRounding(
                        new()
                        {
                            Steps = parsed.GetValue(_roundingSteps),
                            Samples = parsed.GetValue(_roundingSamples),
                            Seed = Calibration.Seed(parsed),
                        }
                    )
                    : null,
        };

    /// <summary>Most bytes of weights; null for no budget.</summary>
    /// <exception cref="CommandException">The bits are given, too.</exception>
    public long? Budget(ParseResult parsed) =>
        parsed.GetValue(_maxWeightBytes) is { } budget && parsed.GetValue(_weightBits) == 4
            ? throw new CommandException("--max-weight-bytes chooses the layers that get 4 bits itself: leave --weight-bits 4 out.")
            : parsed.GetValue(_maxWeightBytes);

    /// <summary>Which layers may have weights of 4 bits.</summary>
    /// <exception cref="CommandException">The pattern cannot be used.</exception>
    public Func<string, bool> MayBeNarrow(ParseResult parsed, IReadOnlyList<string> layers)
    {
        var (keep, may) = (parsed.GetValue(_keep), CompressionCommand.Except("--keep-8", parsed.GetValue(_keep)));
        if (keep is not null && parsed.GetValue(_weightBits) == 8 && parsed.GetValue(_maxWeightBytes) is null)
        {
            throw new CommandException("--keep-8 says what is not done where --weight-bits 4 or --max-weight-bytes asks for it.");
        }

        return keep is null || !layers.All(may)
            ? may
            : throw new CommandException($"--keep-8: no layer has a name like '{keep}'; they are {string.Join(", ", layers)}.");
    }

    private static Option<int> Bits(string name, string description, string usual, string other)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => 8 };
        option.AcceptOnlyFromAmong(usual, other);
        return option;
    }

    private static Option<string> Choice(string name, string description, string[] names)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => names[0] };
        option.AcceptOnlyFromAmong(names);
        return option;
    }

    private static Option<T> Number<T>(string name, string description, T usual, Func<T, bool> isGood, string expected)
    {
        var option = new Option<T>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<T>() is { } value && !isGood(value))
            {
                result.AddError($"{name} takes {expected}.");
            }
        });
        return option;
    }
}
