using System.CommandLine;
using System.Text.RegularExpressions;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression;
using ModelCompiler.Training.Pruning;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli;

/// <summary>What a method of compression has made.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Layers">What was done, layer by layer.</param>
internal sealed record Compressed(byte[] Model, IReadOnlyList<LayerChange> Layers)
{
    /// <summary>What pruning single layers costs; null where that was not measured.</summary>
    public IReadOnlyList<LayerDrops>? Sensitivity { get; init; }

    /// <summary>The steps in which it was pruned and trained; null where it was not trained.</summary>
    public IReadOnlyList<PruningStep>? Steps { get; init; }

    /// <summary>What the user should know, as sentences.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];
}

/// <summary>Everything that a method of compression works with.</summary>
/// <param name="Parsed">The user's choices.</param>
/// <param name="File">The model.</param>
/// <param name="Compile">How it is compiled.</param>
/// <param name="Data">The data that the user gives.</param>
/// <param name="Choice">Measures changed models among which one is chosen.</param>
/// <param name="Seed">Decides everything random.</param>
/// <param name="Layers">Which layers may be changed.</param>
/// <param name="Cancellation">Stops.</param>
internal sealed record CompressionTask(
    ParseResult Parsed,
    OnnxFile File,
    CompileOptions Compile,
    CompressionData Data,
    Lazy<ModelDrop> Choice,
    int Seed,
    Func<string, bool> Layers,
    CancellationToken Cancellation
);

/// <summary>The body that commands share which make a smaller model of a float one: read, compress, measure, write, report.</summary>
internal static class CompressionCommand
{
    // A pattern that takes longer than this on a name is not a pattern of names.
    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(1);

    public static Command WithCompression(this Command command, Terminal terminal, Func<CompressionTask, Compressed> compress)
    {
        var model = new ModelArguments();
        var data = new CompressionData();
        var output = new Option<string>("--output", "-o") { Description = "Where the compressed model goes.", Required = true };
        var withoutTime = Timing.Without();
        var skip = new Option<string?>("--skip") { Description = "A regular expression: layers whose name it matches stay as they are." };
        model.AddTo(command);
        command.Options.Add(output);
        command.Options.Add(skip);
        data.AddTo(command);
        command.Options.Add(withoutTime);
        return command.WithBody(
            terminal,
            (parsed, cancellation) =>
            {
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), model.FixedOptions(parsed));
                if (ModelCompilation.Plan(opened.File.Source, opened.Options) is { Description: null } failed)
                {
                    return NotCompiled(opened, failed);
                }

                return Sentences(() =>
                {
                    var measure = terminal.During("running the original", () => data.Measure(parsed, opened.File, opened.Options));
                    var task = new CompressionTask(
                        parsed,
                        opened.File,
                        opened.Options,
                        data,
                        new Lazy<ModelDrop>(() => data.Measure(parsed, opened.File, opened.Options, choosing: true)),
                        data.Seed(parsed),
                        Except("--skip", parsed.GetValue(skip)),
                        cancellation
                    );
                    var compressed = compress(task);
                    var drop = terminal.During("running the compressed model", () => measure.Of(compressed.Model, cancellation));
                    var path = parsed.GetRequiredValue(output);
                    var timing = Timing.Of(parsed, withoutTime);
                    var cost = terminal.During(
                        "measuring times",
                        () =>
                            ModelCost.Pair(opened.File.Source, new(path, compressed.Model, _ => null), opened.Options, timing, cancellation)
                    );
                    if (cost.After.Macs is null)
                    {
                        throw new CommandException($"{opened.File.Path}: the compressed model cannot be compiled, so it is not written.");
                    }

                    var report = CompressionReport.Of(opened.File, path, compressed, cost, (measure, drop));
                    WholeFile.Write(path, compressed.Model);
                    return new CommandResult(ExitCodes.Success, report, report.Print);
                });
            }
        );
    }

    /// <summary>The result for a model that the compiler does not take.</summary>
    public static CommandResult NotCompiled(ModelCase opened, PlannedModel failed)
    {
        var diagnostics = DiagnosticReport.Of(failed.Problems);
        return new(
            ExitCodes.CannotCompile,
            new
            {
                Model = opened.File.Path,
                Status = "unsupported",
                Diagnostics = diagnostics,
            },
            console => DiagnosticReport.Print(console, diagnostics)
        );
    }

    /// <summary>All layers but those whose name a pattern of an option matches.</summary>
    /// <exception cref="CommandException">The pattern is no regular expression.</exception>
    public static Func<string, bool> Except(string option, string? expression)
    {
        if (expression is null)
        {
            return _ => true;
        }

        try
        {
            var pattern = new Regex(expression, RegexOptions.CultureInvariant, MatchTime);
            return layer => !pattern.IsMatch(layer);
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"{option}: {e.Message}", e);
        }
    }

    /// <summary>Passes on what is wrong with model or data as a sentence.</summary>
    public static T Sentences<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is CompressionException or RegexMatchTimeoutException or Microsoft.ML.OnnxRuntime.OnnxRuntimeException)
        {
            throw new CommandException(e.Message, e);
        }
    }
}
