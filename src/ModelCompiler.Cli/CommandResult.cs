using Spectre.Console;

namespace ModelCompiler.Cli;

/// <summary>What a command has found out, before anybody is told.</summary>
/// <param name="ExitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="Report">The object that <c>--json</c> writes.</param>
/// <param name="Print">Shows the same to a person.</param>
internal sealed record CommandResult(int ExitCode, object Report, Action<IAnsiConsole> Print);

/// <summary>Stops a command with a sentence for the user.</summary>
internal sealed class CommandException(string message, Exception? cause = null, int exitCode = ExitCodes.Failure)
    : Exception(message, cause)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
