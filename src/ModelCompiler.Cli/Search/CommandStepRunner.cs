using System.Collections.Concurrent;
using System.Diagnostics;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Compression.Search;

namespace ModelCompiler.Cli.Search;

/// <summary>The options that commands have in a search besides those of a step.</summary>
/// <param name="Training">For commands that train.</param>
/// <param name="Quantising">For <c>quantize</c>.</param>
/// <param name="Compressing">For <c>prune</c> and <c>cluster</c>.</param>
internal sealed record CommonArguments(IReadOnlyList<string> Training, IReadOnlyList<string> Quantising, IReadOnlyList<string> Compressing)
{
    public IReadOnlyList<string> For(SearchStep step) =>
        step.Trains ? Training
        : step.Quantises ? Quantising
        : Compressing;
}

/// <summary>Runs steps as commands of modelc, and keeps their results in the folder of the search.</summary>
/// <param name="folder">The folder.</param>
/// <param name="originalId">The name of the original.</param>
/// <param name="original">Its file.</param>
/// <param name="common">Options of all commands.</param>
/// <param name="compile">How models are compiled to find out what they cost.</param>
/// <param name="accuracy">Measures models.</param>
internal sealed class CommandStepRunner(
    SearchFolder folder,
    string originalId,
    string original,
    CommonArguments common,
    CompileOptions compile,
    Func<byte[], CancellationToken, double> accuracy
) : IStepRunner
{
    // Designs that begin alike are made at the same time, and a step has one folder.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);

    public string OriginalId => originalId;

    public async Task<StepResult> Run(string parent, SearchStep step, bool measured, CancellationToken cancellation)
    {
        var id = step.IdAfter(parent);
        var gate = _gates.GetOrAdd(id, _ => new(1));
        await gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await FoundOrMade(id, parent, step, measured, cancellation).ConfigureAwait(false);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<StepResult> FoundOrMade(string id, string parent, SearchStep step, bool measured, CancellationToken cancellation)
    {
        if (folder.Find(id) is { } known)
        {
            return measured && known.Accuracy is null ? Measured(known, cancellation) : known;
        }

        var (clock, partial) = (Stopwatch.StartNew(), folder.Begin(id));
        var model = SearchFolder.ModelIn(partial);
        var failure = step.Trains
            ? await ModelcProcess
                .RunApart(
                    [.. Arguments(parent, step, model), "--checkpoint", Path.Combine(partial, "checkpoint"), "--resume"],
                    Path.Combine(partial, "messages.txt"),
                    cancellation
                )
                .ConfigureAwait(false)
            : await ModelcProcess.RunHere(Arguments(parent, step, model), cancellation).ConfigureAwait(false);
        var commandLine = string.Join(' ', Arguments(parent, step, folder.ModelOf(id)).Prepend("modelc").Select(Quoted));
        return failure is null
            ? Completed(partial, new(id, commandLine, 0, null, null, null), measured, clock, cancellation)
            : Failed(partial, new(id, commandLine, clock.Elapsed.TotalSeconds, null, null, failure));
    }

    private StepResult Completed(string partial, StepResult result, bool measured, Stopwatch clock, CancellationToken cancellation)
    {
        var model = File.ReadAllBytes(SearchFolder.ModelIn(partial));
        var plan = ModelCompilation.Plan(new ModelSource(folder.ModelOf(result.Id), model, _ => null), compile);
        if (plan.Description is not { } cost)
        {
            var problems = string.Join(" ", plan.Problems.Select(p => p.Message));
            return Failed(partial, result with { Failure = new(problems, ExitCodes.CannotCompile) });
        }

        result = result with
        {
            Size = new(cost.Macs, cost.WeightBytes, cost.ArenaBytes),
            Accuracy = measured ? accuracy(model, cancellation) : null,
            Seconds = clock.Elapsed.TotalSeconds,
        };
        File.Delete(Path.Combine(partial, "checkpoint"));
        folder.Complete(partial, result);
        return result;
    }

    /// <summary>Nothing stays of a step that failed, so that another search in the folder tries it again.</summary>
    private static StepResult Failed(string partial, StepResult result)
    {
        Directory.Delete(partial, recursive: true);
        return result;
    }

    private StepResult Measured(StepResult result, CancellationToken cancellation)
    {
        result = result with { Accuracy = accuracy(File.ReadAllBytes(folder.ModelOf(result.Id)), cancellation) };
        folder.Update(result);
        return result;
    }

    private string[] Arguments(string parent, SearchStep step, string output) =>
        [
            step.Command,
            parent == originalId ? original : folder.ModelOf(parent),
            "-o",
            output,
            .. step.Arguments.Select(a =>
                a == SearchStep.Original ? original
                : a == SearchStep.Samples ? folder.Calibration
                : a
            ),
            .. common.For(step),
        ];

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,%+@".Contains(c, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
