using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelCompiler.Training;
using ModelCompiler.Training.Pruning;

namespace ModelCompiler.Cli.Reports;

/// <summary>The epochs of a training, as they are logged.</summary>
/// <param name="Options">How it was trained.</param>
/// <param name="TrainingItems">How many items were learnt from.</param>
/// <param name="ValidationItems">How many items chose the epoch.</param>
/// <param name="Epochs">The epochs.</param>
/// <param name="BestEpoch">The epoch whose weights were kept.</param>
/// <param name="Stopped">Why it ended before its last epoch.</param>
/// <param name="Remarks">What is odd about the data.</param>
internal sealed record TrainingLog(
    TrainingOptions Options,
    int TrainingItems,
    int ValidationItems,
    IReadOnlyList<EpochResult> Epochs,
    int BestEpoch,
    string? Stopped,
    IReadOnlyList<string> Remarks
)
{
    /// <summary>The steps of pruning that the epochs belong to; not there where nothing was pruned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PruningStep>? Steps { get; init; }

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The content of a file of the given name.</summary>
    public byte[] ToFile(string path) =>
        path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            ? JsonSerializer.SerializeToUtf8Bytes(this, Json)
            : Encoding.UTF8.GetBytes(string.Concat(Lines().Select(l => l + "\n")));

    /// <summary>What stands above the lines of the epochs.</summary>
    public static IEnumerable<string> Head(
        TrainingOptions options,
        int training,
        int validation,
        int threads,
        IEnumerable<string> remarks
    ) =>
        [
            $"# seed {options.Seed}, at most {options.Epochs} epochs, {training} training and {validation} validation items, {threads} threads",
            .. remarks.Select(r => $"# {r}"),
            "epoch,training loss,validation loss,validation accuracy,seconds",
        ];

    /// <summary>What stands above the epochs of a step of pruning.</summary>
    public static string Head(int step, double share) =>
        string.Create(CultureInfo.InvariantCulture, $"# step {step}: {100 * share:F2} % pruned");

    /// <summary>The line of an epoch.</summary>
    public static string Row(EpochResult e) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{e.Epoch},{e.TrainingLoss:F4},{e.ValidationLoss:F4},{e.ValidationAccuracy:F4},{e.Seconds:F1}"
        );

    private IEnumerable<string> Lines() =>
        [
            .. Head(Options, TrainingItems, ValidationItems, TorchSharp.torch.get_num_threads(), Remarks),
            .. Steps is null ? Epochs.Select(Row) : Steps.SelectMany(LinesOf),
            $"# kept epoch {BestEpoch}",
            .. Stopped is null ? (string[])[] : [$"# {Stopped}"],
        ];

    private IEnumerable<string> LinesOf(PruningStep step) =>
        [
            Head(step.Step, step.Share),
            .. Epochs.Skip(step.FirstEpoch - 1).Take(step.Epochs).Select(Row),
            .. step.Stopped is null ? (string[])[] : [$"# {step.Stopped}"],
        ];
}
