using System.Globalization;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>What <c>modelc train</c> has made.</summary>
/// <param name="Output">The model.</param>
/// <param name="Architecture">Its architecture.</param>
/// <param name="Parameters">Number of weights, without running statistics.</param>
/// <param name="BestEpoch">The epoch whose weights were kept.</param>
/// <param name="ValidationLoss">Mean loss on the items that chose the epoch.</param>
/// <param name="ValidationAccuracy">Part of them that is right; null for losses of which that cannot be said.</param>
/// <param name="TestLoss">Mean loss on the test items; null where there are none.</param>
/// <param name="TestAccuracy">Part of them that is right.</param>
/// <param name="Stopped">Why training ended before its last epoch.</param>
internal sealed record TrainReport(
    string Output,
    string Architecture,
    long Parameters,
    int BestEpoch,
    double ValidationLoss,
    double? ValidationAccuracy,
    double? TestLoss,
    double? TestAccuracy,
    string? Stopped
)
{
    public void Print(IAnsiConsole console)
    {
        var (items, loss, accuracy) = TestLoss is { } test
            ? ("test", test, TestAccuracy)
            : ("validation", ValidationLoss, ValidationAccuracy);
        console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Output}: {Parameters} parameters, epoch {BestEpoch}, {items} {(accuracy is { } part ? $"accuracy {100 * part:F2} %" : $"loss {loss:G4}")}"
            )
        );
        if (Stopped is not null)
        {
            console.WriteLine(Stopped);
        }
    }
}
