using System.Globalization;

namespace ModelCompiler.Compression.Search;

/// <summary>A way to take channels out of a network.</summary>
/// <param name="Name">What it is known by.</param>
/// <param name="Arguments">The options of <c>modelc prune</c> that it has besides the share.</param>
/// <param name="FewerLayers">Most layers that are taken out before any channel.</param>
public sealed record ChannelFamily(string Name, IReadOnlyList<string> Arguments, int FewerLayers = 0);

/// <summary>What a network learns from when it recovers.</summary>
/// <param name="Name">What it is known by.</param>
/// <param name="Command">The command that trains.</param>
/// <param name="Arguments">Its options besides those that say how long.</param>
public sealed record Recovery(string Name, string Command, IReadOnlyList<string> Arguments);

/// <summary>A form that weights are given at the end.</summary>
/// <param name="Name">What it is known by.</param>
/// <param name="ExpectedDrop">Percentage points of accuracy that it usually costs after training, until something was measured.</param>
/// <param name="Steps">Its steps; the function makes one that trains, with options that keep what was done.</param>
public sealed record WeightForm(string Name, double ExpectedDrop, Func<Func<string[], SearchStep>, IEnumerable<SearchStep>> Steps);

/// <summary>How long is trained at one level of effort; each level goes on from the one below.</summary>
/// <param name="Recovery">Epochs in which a pruned network recovers.</param>
/// <param name="Form">Epochs in which it learns again in the form of its weights.</param>
public sealed record TrainingEffort(int Recovery, int Form);

/// <summary>One network among those that a search chooses from.</summary>
/// <param name="Family">Which way channels go; empty where all stay.</param>
/// <param name="Permille">How many of a thousand channels go.</param>
/// <param name="Form">The form of the weights.</param>
/// <param name="Recovery">What is learnt from wherever it is trained.</param>
public sealed record Design(string Family, int Permille, string Form, string Recovery)
{
    /// <summary>Whether two designs are trained alike up to the form of the weights.</summary>
    public bool SharesTraining(Design other) => (Family, Permille, Recovery) == (other.Family, other.Permille, other.Recovery);

    /// <summary>For people.</summary>
    public override string ToString() =>
        Permille == 0 ? Form : string.Create(CultureInfo.InvariantCulture, $"{Permille / 10.0} % of channels ({Family}), {Form}");
}

/// <summary>All designs and the steps that lead to them: tables to which one adds a line.</summary>
/// <param name="Families">Ways to take channels out.</param>
/// <param name="Recoveries">What may be learnt from. Which is better depends on the original, and is found out.</param>
/// <param name="Forms">Forms of weights, from the gentlest to the harshest.</param>
/// <param name="Efforts">Levels of training, from the shortest to the longest.</param>
/// <param name="LearningRate">The highest learning rate with which a pruned network recovers.</param>
public sealed record SearchSpace(
    IReadOnlyList<ChannelFamily> Families,
    IReadOnlyList<Recovery> Recoveries,
    IReadOnlyList<WeightForm> Forms,
    IReadOnlyList<TrainingEffort> Efforts,
    double LearningRate
)
{
    // Kernels have room for multiples of this number of channels: others of theirs are baked as zeros.
    private const string Lanes = "8";

    // Integers move by less than one of their steps, so training them needs smaller ones.
    private const double FormRate = 0.25;

    /// <summary>A level at which nothing is trained: what a design costs is known there already.</summary>
    public const int Untrained = -1;

    /// <summary>The highest level.</summary>
    public int Highest => Efforts.Count - 1;

    /// <summary>What <c>modelc compress</c> searches.</summary>
    public static SearchSpace Default(double learningRate) =>
        new(
            [
                new("layers", ["--scope", "layer"]),
                new("layers of 8", ["--scope", "layer", "--multiple", Lanes]),
                new("global of 8", ["--scope", "global", "--multiple", Lanes]),
                new("layers of 8, 2 fewer", ["--scope", "layer", "--multiple", Lanes], FewerLayers: 2),
            ],
            [new("labels", "finetune", []), new("teacher", "distill", ["--teacher", SearchStep.Original])],
            [
                new("int8", 0.1, train => [Quantise(), train([])]),
                new("int4", 0.3, train => [Quantise("--weight-bits", "4", "--correct-bias"), train([])]),
                new(
                    "half of 4×16 blocks",
                    0.5,
                    train =>
                        [
                            new("prune", ["--pattern", "4x16", "--amount", "0.5"]),
                            train(["--keep-zeros"]),
                            Quantise(),
                            train(["--keep-zeros"]),
                        ]
                ),
                // Before, they would become more than 16 integers, by the scales of the channels.
                new("16 values", 0.3, train => [Quantise(), train([]), new("cluster", ["--clusters", "16"])]),
            ],
            [new(1, 1), new(3, 1), new(8, 2), new(16, 4)],
            learningRate
        );

    /// <summary>The plain quantisation that everything is compared with.</summary>
    public Design Baseline => new("", 0, Forms[0].Name, Recoveries[0].Name);

    /// <summary>Whether the tables have a design and a level.</summary>
    public bool Has(Design design, int level) =>
        Forms.Any(f => f.Name == design.Form)
        && Recoveries.Any(r => r.Name == design.Recovery)
        && (design.Permille == 0 || (design.Permille is > 0 and < 1000 && Families.Any(f => f.Name == design.Family)))
        && level >= Untrained
        && level <= Highest;

    /// <summary>The steps that lead to a design.</summary>
    /// <param name="design">The design.</param>
    /// <param name="level">Index of the effort, or <see cref="Untrained"/>.</param>
    public IReadOnlyList<SearchStep> Steps(Design design, int level)
    {
        var recovery = Recoveries.Single(r => r.Name == design.Recovery);
        var form = Forms.Single(f => f.Name == design.Form);
        IEnumerable<SearchStep> steps =
        [
            .. design.Permille == 0
                ? []
                : ChannelSteps(design).Concat(Efforts.Take(level + 1).Select(e => Train(e.Recovery, LearningRate, []))),
            .. form.Steps(keep => Train(level == Untrained ? 0 : Efforts[level].Form, LearningRate * FormRate, keep)),
        ];
        return [.. steps.Where(s => s.Trains || s.Command != recovery.Command)];

        SearchStep Train(int epochs, double rate, string[] keep) =>
            new(recovery.Command, [.. recovery.Arguments, .. keep, "--epochs", Text(epochs), "--learning-rate", Text(rate)], epochs);
    }

    private IEnumerable<SearchStep> ChannelSteps(Design design)
    {
        var family = Families.Single(f => f.Name == design.Family);
        if (family.FewerLayers > 0)
        {
            yield return new("prune", ["--method", "blocks", "--blocks", Text(family.FewerLayers), "--data", SearchStep.Samples]);
        }

        yield return new("prune", ["--method", "channels", "--amount", Text(design.Permille / 1000.0), .. family.Arguments]);
    }

    private static SearchStep Quantise(params string[] arguments) => new("quantize", arguments);

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
