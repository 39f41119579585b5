using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli;

/// <summary>The body of a command: reads its options, does its work, writes nothing.</summary>
internal delegate CommandResult CommandBody(ParseResult options, CancellationToken cancellation);

/// <summary>Runs bodies of commands: the one place that writes results and turns exceptions into sentences.</summary>
internal static class CommandRunner
{
    /// <summary>The option that all commands have.</summary>
    public static Option<bool> JsonOption { get; } =
        new("--json") { Description = "Write one JSON object to standard output and nothing else, also when something fails." };

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        // Names of nodes are for reading, not for embedding in HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Gives a command its body, and <c>--json</c>.</summary>
    public static Command WithBody(this Command command, Terminal terminal, CommandBody body)
    {
        command.Options.Add(JsonOption);
        command.SetAction(
            (parsed, cancellation) => Task.Run(() => Run(terminal, parsed.GetValue(JsonOption), () => body(parsed, cancellation)))
        );
        return command;
    }

    /// <summary>Says what is wrong, as text or as JSON.</summary>
    public static int Fail(Terminal terminal, bool json, string message, int exitCode = ExitCodes.Failure)
    {
        if (json)
        {
            WriteJson(terminal, new { Status = "error", Error = message });
        }
        else
        {
            terminal.Messages.MarkupLineInterpolated($"[red]error:[/] {message}");
        }

        return exitCode;
    }

    private static int Run(Terminal terminal, bool json, Func<CommandResult> body)
    {
        try
        {
            var result = body();
            if (json)
            {
                WriteJson(terminal, result.Report);
            }
            else
            {
                result.Print(terminal.Results);
            }

            return result.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return Fail(terminal, json, "stopped", ExitCodes.Cancelled);
        }
        catch (CommandException e)
        {
            return Fail(terminal, json, e.Message, e.ExitCode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return Fail(terminal, json, e.Message);
        }
        catch (UnreadableModelException e)
        {
            return Unreadable(terminal, json, e);
        }
        catch (Exception e)
        {
            // The last resort: a person gets a sentence, whatever went wrong.
            return Fail(terminal, json, $"modelc failed, which is a defect of modelc: {e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>A file that is not there cannot be compiled either: the same answer as for one that is damaged.</summary>
    private static int Unreadable(Terminal terminal, bool json, UnreadableModelException e)
    {
        var diagnostics = DiagnosticReport.Of([e.Problem]);
        if (json)
        {
            WriteJson(
                terminal,
                new
                {
                    Model = e.Path,
                    Status = "unsupported",
                    Outputs = Array.Empty<object>(),
                    Diagnostics = diagnostics,
                }
            );
        }
        else
        {
            DiagnosticReport.Print(terminal.Messages, diagnostics);
        }

        return ExitCodes.CannotCompile;
    }

    private static void WriteJson(Terminal terminal, object report) =>
        terminal.Json.WriteLine(JsonSerializer.Serialize(report, report.GetType(), JsonOptions));
}
