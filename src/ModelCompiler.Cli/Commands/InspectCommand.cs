using System.CommandLine;
using ModelCompiler.Cli.Reports;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Commands;

/// <summary><c>modelc inspect</c>: what is in a model and what the compiler makes of it.</summary>
internal static class InspectCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new ModelArguments();
        var command = new Command(
            "inspect",
            "Show operators, shapes, multiply-accumulates, weight and arena bytes, and everything that is not supported."
        );
        model.AddTo(command);
        return command.WithBody(
            terminal,
            (parsed, _) =>
            {
                var opened = ModelCase.Open(parsed.GetRequiredValue(model.File), model.FixedOptions(parsed));
                var report = terminal.During("compiling", () => InspectReport.Of(opened));
                return new(report.Status == "supported" ? ExitCodes.Success : ExitCodes.CannotCompile, report, report.Print);
            }
        );
    }
}
