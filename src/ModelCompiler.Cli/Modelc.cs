using System.CommandLine;
using ModelCompiler.Cli.Commands;

namespace ModelCompiler.Cli;

/// <summary>The program without its process: what <c>Program</c> and the tests call.</summary>
internal static class Modelc
{
    private const string Description = """
        Trains and compresses neural networks (ONNX), compiles them to C#, and checks and measures what comes of it.

        Exit codes, for every command:
          0    done; where something was compared, it agrees
          1    compared, and the results differ
          2    the model cannot be read or compiled; the diagnostics say why
          3    wrong command line, a file cannot be read or written, or modelc itself failed
          4    no gradient can be computed through the nodes that the message names
          5    a budget cannot be met; the message says what the least is
          130  stopped by Ctrl-C
        """;

    /// <summary>Parses the arguments and runs the command.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments, Terminal terminal, CancellationToken cancellation = default)
    {
        var parsed = Root(terminal).Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            var json = arguments.Contains(CommandRunner.JsonOption.Name);
            return CommandRunner.Fail(terminal, json, string.Join(" ", parsed.Errors.Select(e => e.Message)));
        }

        var configuration = new InvocationConfiguration { Output = terminal.Json, EnableDefaultExceptionHandler = false };
        return await parsed.InvokeAsync(configuration, cancellation);
    }

    private static RootCommand Root(Terminal terminal)
    {
        var root = new RootCommand(Description);
        // One line a command, in alphabetical order.
        root.Add(AccuracyCommand.Create(terminal));
        root.Add(BenchCommand.Create(terminal));
        root.Add(ClusterCommand.Create(terminal));
        root.Add(CompressCommand.Create(terminal));
        root.Add(DistillCommand.Create(terminal));
        root.Add(EmitCommand.Create(terminal));
        root.Add(EnsembleCommand.Create(terminal));
        root.Add(FinetuneCommand.Create(terminal));
        root.Add(InspectCommand.Create(terminal));
        root.Add(PruneCommand.Create(terminal));
        root.Add(QuantizeCommand.Create(terminal));
        root.Add(ReportCommand.Create(terminal));
        root.Add(TrainCommand.Create(terminal));
        root.Add(VerifyCommand.Create(terminal));
        return root;
    }
}
