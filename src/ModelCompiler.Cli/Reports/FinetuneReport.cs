using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Training.Distillation;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

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
    ModelCost Before,
    ModelCost After,
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
        console.Write(ModelCost.Columns(("before", Before), ("after", After)));
        console.WriteLine($"loss{(Before.Accuracy is null ? "" : " and accuracy")} on {MeasuredItems} {MeasuredOn} items");
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
    }
}
