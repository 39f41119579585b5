using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Training;
using ModelCompiler.Training.Distillation;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>A network before or after training.</summary>
/// <param name="Loss">Mean loss on the items that it is measured on.</param>
/// <param name="Accuracy">Part of them that is right; null for losses of which that cannot be said.</param>
/// <param name="Macs">Multiply-accumulates; null where the compiler does not take the network.</param>
/// <param name="WeightBytes">Bytes of packed weights.</param>
/// <param name="ArenaBytes">Bytes of the arena.</param>
internal sealed record NetworkFacts(double Loss, double? Accuracy, long? Macs, long? WeightBytes, long? ArenaBytes)
{
    public static NetworkFacts Of(string path, CompileOptions options, Measurement measured)
    {
        var (program, _) = ModelCase.Open(path, options).Lower();
        return new(measured.Loss, measured.Accuracy, program?.Steps.Sum(s => s.Macs), program?.Weights.Length, program?.ArenaBytes);
    }
}

/// <summary>How a student was taught.</summary>
/// <param name="Teachers">Files of the teachers.</param>
/// <param name="Temperature">What scores were divided by.</param>
/// <param name="Alpha">The teachers' share in the loss.</param>
/// <param name="Hints">Inner values that were to become alike.</param>
internal sealed record DistillationFacts(
    IReadOnlyList<string> Teachers,
    double Temperature,
    double Alpha,
    IReadOnlyList<FeatureHint> Hints
);

/// <summary>What <c>modelc finetune</c> or <c>modelc distill</c> has made.</summary>
/// <param name="Model">The model before.</param>
/// <param name="Output">The model after.</param>
/// <param name="MeasuredOn">Which items the two are measured on.</param>
/// <param name="MeasuredItems">How many they are.</param>
/// <param name="Before">The network before.</param>
/// <param name="After">The network after.</param>
/// <param name="Epochs">Epochs that were trained, with those before a checkpoint.</param>
/// <param name="BestEpoch">The epoch whose weights were kept.</param>
/// <param name="Stopped">Why training ended before its last epoch.</param>
/// <param name="TrainedParameters">Number of elements that were trained.</param>
/// <param name="FrozenParameters">Number of elements that stayed as they were.</param>
/// <param name="Remarks">What is odd about the data.</param>
internal sealed record FinetuneReport(
    string Model,
    string Output,
    string MeasuredOn,
    int MeasuredItems,
    NetworkFacts Before,
    NetworkFacts After,
    int Epochs,
    int BestEpoch,
    string? Stopped,
    long TrainedParameters,
    long FrozenParameters,
    IReadOnlyList<string> Remarks
)
{
    /// <summary>How a student was taught; not there where there was no teacher.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DistillationFacts? Distillation { get; init; }

    public void Print(IAnsiConsole console)
    {
        var table = new Table().AddColumns("", "before", "after");
        table.AddRow(Row($"loss on {MeasuredItems} {MeasuredOn} items", n => Amount.Number(n.Loss)));
        if (Before.Accuracy is not null)
        {
            table.AddRow(Row("accuracy", n => string.Create(CultureInfo.InvariantCulture, $"{100 * n.Accuracy:F2} %")));
        }

        table.AddRow(Row("MAC", n => n.Macs is { } macs ? Amount.Of(macs) : "not compiled"));
        table.AddRow(Row("weights", n => n.WeightBytes is { } bytes ? Amount.Bytes(bytes) : "not compiled"));
        table.AddRow(Row("arena", n => n.ArenaBytes is { } bytes ? Amount.Bytes(bytes) : "not compiled"));
        console.Write(table);
        console.WriteLine(
            $"{Output}: epoch {BestEpoch} of {Epochs}, {Amount.Of(TrainedParameters)} parameters trained, {Amount.Of(FrozenParameters)} frozen"
        );
        if (Distillation is { } taught)
        {
            console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"learnt from {string.Join(", ", taught.Teachers)}: temperature {taught.Temperature}, alpha {taught.Alpha}"
                )
            );
        }

        foreach (var sentence in Remarks.Append(Stopped).OfType<string>())
        {
            console.WriteLine(sentence);
        }

        string[] Row(string name, Func<NetworkFacts, string> of) => [name, of(Before), of(After)];
    }
}
