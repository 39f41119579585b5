using System.Diagnostics;
using System.Text.Json;
using ModelCompiler.Compression.Search;

namespace ModelCompiler.Cli.Search;

/// <summary>Runs commands of modelc from within modelc: quick ones here, trainings in processes of their own.</summary>
internal static class ModelcProcess
{
    private const string Name = "modelc";

    /// <summary>Runs a command in this process.</summary>
    /// <returns>Why it failed; null where it did not.</returns>
    public static async Task<StepFailure?> RunHere(IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        string[] all = [.. arguments, CommandRunner.JsonOption.Name];
        var exitCode = await Modelc.Run(all, Terminal.On(output, errors), cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return exitCode == ExitCodes.Success ? null : Failure(arguments[0], exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>
    /// Runs a command in a process of its own, because libtorch has one number of threads a process, and because memory that one trial
    /// lacks must not end the others.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="log">A file for its messages.</param>
    /// <param name="cancellation">Ends the process.</param>
    /// <returns>Why it failed; null where it did not.</returns>
    public static async Task<StepFailure?> RunApart(IReadOnlyList<string> arguments, string log, CancellationToken cancellation)
    {
        using var process = Process.Start(Command([.. arguments, CommandRunner.JsonOption.Name]))!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        try
        {
            await Task.WhenAll(output, errors).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                // Its folder must be at rest before anybody goes on with it.
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }

        var messages = await errors.ConfigureAwait(false);
        await File.WriteAllTextAsync(log, messages, cancellation).ConfigureAwait(false);
        return process.ExitCode == ExitCodes.Success
            ? null
            : Failure(arguments[0], process.ExitCode, await output.ConfigureAwait(false), messages);
    }

    private static ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var own = Path.Combine(AppContext.BaseDirectory, $"{Name}.dll");
        var start = new ProcessStartInfo
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == Name)
        {
            start.FileName = Environment.ProcessPath!;
        }
        else
        {
            // Installed as a .NET tool, or called by another program.
            var host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath : null;
            start.FileName = host ?? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
            start.ArgumentList.Add(own);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private static StepFailure Failure(string command, int exitCode, string output, string errors)
    {
        var sentence =
            Sentence(output)
            ?? errors.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault()
            ?? "it wrote nothing";
        return new(FormattableString.Invariant($"{Name} {command} ended with exit code {exitCode}: {sentence}"), exitCode);
    }

    /// <summary>What the JSON of a command that failed says.</summary>
    private static string? Sentence(string output)
    {
        try
        {
            var root = JsonDocument.Parse(output).RootElement;
            return root.TryGetProperty("error", out var error) ? error.GetString()
                : root.TryGetProperty("diagnostics", out var diagnostics)
                    ? string.Join(" ", diagnostics.EnumerateArray().Select(d => d.GetProperty("message").GetString()))
                : null;
        }
        catch (JsonException)
        {
            // A process that was killed writes no JSON; its messages tell instead.
            return null;
        }
    }
}
