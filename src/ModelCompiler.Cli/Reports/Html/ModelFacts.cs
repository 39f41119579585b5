using ModelCompiler.Cli.Publishing;
using ModelCompiler.Lowering;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>How long a model takes.</summary>
/// <param name="OursMs">Median milliseconds of one call of the compiled model.</param>
/// <param name="OnnxruntimeMs">The same of ONNX Runtime; null where it does not run the model.</param>
/// <param name="Rounds">How many turns each had.</param>
/// <param name="LayerMs">Median milliseconds of each layer, measured in a run of their own.</param>
internal sealed record ModelTime(double OursMs, double? OnnxruntimeMs, int Rounds, IReadOnlyList<double> LayerMs);

/// <summary>Sizes of a NativeAOT program.</summary>
/// <param name="Bytes">The binary with the model.</param>
/// <param name="Growth">How much larger it is than the same program without a model.</param>
internal sealed record PublishedSize(long Bytes, BinaryGrowth Growth);

/// <summary>All that a page says of a model.</summary>
/// <param name="Inspected">What <c>modelc inspect</c> says.</param>
/// <param name="FileBytes">Size of the ONNX file.</param>
/// <param name="Program">The plan.</param>
/// <param name="Flow">Who reads what who has written.</param>
/// <param name="Weights">The constants of each layer.</param>
internal sealed record ModelFacts(
    InspectReport Inspected,
    long FileBytes,
    KernelProgram Program,
    DataFlow Flow,
    IReadOnlyList<LayerWeights> Weights
)
{
    /// <summary>Part of the test items that it gets right, 0 to 1; null where no data were given.</summary>
    public double? Accuracy { get; init; }

    /// <summary>What was measured; null where nothing was.</summary>
    public ModelTime? Time { get; init; }

    /// <summary>What was published; null where nothing was.</summary>
    public PublishedSize? Published { get; init; }

    /// <summary>What it is called on the page.</summary>
    public string Name { get; init; } = Inspected.Model;

    public long Macs => Inspected.Macs!.Value;

    public long WeightBytes => Inspected.WeightBytes!.Value;

    public long ArenaBytes => Inspected.ArenaBytes!.Value;

    /// <summary>The facts that need no measurement; null where the model does not compile, which <paramref name="inspected"/> explains.</summary>
    public static ModelFacts? Of(ModelCase opened, InspectReport inspected) =>
        opened.Lower().Program is { } program
            ? new(inspected, opened.File.Bytes.Length, program, DataFlow.Of(program), LayerWeights.Of(program))
            : null;
}
