using ModelCompiler.Diagnostics;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>A diagnostic as JSON has it.</summary>
internal sealed record DiagnosticReport(string Code, string Severity, string Message)
{
    public static IReadOnlyList<DiagnosticReport> Of(IEnumerable<Problem> problems) =>
        [.. problems.Select(p => new DiagnosticReport(p.Kind.Code, p.Kind.Severity.ToString().ToLowerInvariant(), p.Message))];

    public static void Print(IAnsiConsole console, IEnumerable<DiagnosticReport> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
        {
            var colour = diagnostic.Severity switch
            {
                "error" => "red",
                "warning" => "yellow",
                _ => "grey",
            };
            console.MarkupLine($"[{colour}]{diagnostic.Severity} {diagnostic.Code}:[/] {Markup.Escape(diagnostic.Message)}");
        }
    }
}
