using System.CommandLine;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>Whether and how long commands measure the time of what they have made.</summary>
/// <param name="Duration">How long to measure a model, without the warm-up; null for not at all.</param>
internal sealed record Timing(TimeSpan? Duration)
{
    // Enough for a median of dozens of samples, and little beside the warm-up.
    private static readonly TimeSpan OfOneModel = TimeSpan.FromSeconds(0.3);

    /// <summary>The option that leaves it out.</summary>
    public static Option<bool> Without() => new("--no-time") { Description = "Leave the measured time of one Predict out of the report." };

    /// <summary>What the user has chosen.</summary>
    public static Timing Of(ParseResult parsed, Option<bool> without) => new(parsed.GetValue(without) ? null : OfOneModel);

    /// <summary>Median milliseconds of one Predict of each model, on random inputs; all take turns, as in <c>bench</c>.</summary>
    /// <param name="models">The models.</param>
    /// <param name="options">How they are compiled.</param>
    /// <param name="cancellation">Stops between two rounds.</param>
    /// <returns>Null for models that do not compile, and for all where the processor does not run the target's code.</returns>
    public IReadOnlyList<double?> Milliseconds(IReadOnlyList<ModelSource> models, CompileOptions options, CancellationToken cancellation)
    {
        if (Duration is not { } duration || !Processor.Supports(options.Target))
        {
            return [.. models.Select(_ => (double?)null)];
        }

        var networks = models.Select(m => Load(m, options)).ToList();
        try
        {
            var candidates = networks
                .Zip(models)
                .Where(p => p.First is not null)
                .Select(p => Benchmark.Timed(Call(p.First!, p.Second)))
                .ToList();
            var medians = candidates.Count > 0 ? Benchmark.InTurns(candidates, duration * candidates.Count, cancellation).MedianMs : [];
            var next = 0;
            return [.. networks.Select(n => n is null ? (double?)null : medians[next++])];
        }
        finally
        {
            networks.ForEach(n => n?.Dispose());
        }
    }

    private static CompiledNetwork? Load(ModelSource source, CompileOptions options) =>
        ModelCase.Compile(source, options) is { Succeeded: true } compiled ? CompiledNetwork.Load(compiled, options) : null;

    private static Action Call(CompiledNetwork network, ModelSource source) =>
        Benchmark.Call(network, RandomInputs.For(OnnxFile.Of(source.Path, OnnxParser.ParseModel(source.Bytes)), network.Inputs));
}
