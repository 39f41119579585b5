using Spectre.Console;

namespace ModelCompiler.Cli;

/// <summary>Where a command writes to.</summary>
/// <param name="Json">Gets the one JSON object of <c>--json</c>, and nothing else.</param>
/// <param name="Results">Tables and sentences for people, without <c>--json</c>.</param>
/// <param name="Messages">Errors and progress.</param>
internal sealed record Terminal(TextWriter Json, IAnsiConsole Results, IAnsiConsole Messages)
{
    // Wide enough that in a file or pipe neither a table nor a message is broken into several lines.
    private const int WidthWithoutTerminal = 2000;

    /// <summary>Standard output and standard error of this process.</summary>
    public static Terminal OfProcess() =>
        new(Console.Out, ConsoleOn(Console.Out, Console.IsOutputRedirected), ConsoleOn(Console.Error, Console.IsErrorRedirected));

    /// <summary>A terminal that nobody looks at.</summary>
    public static Terminal On(TextWriter output, TextWriter errors) => new(output, ConsoleOn(output, true), ConsoleOn(errors, true));

    /// <summary>Does something that takes a while, with a moving line on a terminal and without anything elsewhere.</summary>
    public T During<T>(string what, Func<T> work)
    {
        return Messages.Profile.Capabilities.Interactive ? Messages.Status().Start(Markup.Escape(what), _ => work()) : work();
    }

    /// <summary>Does something that takes long and tells how far it is, with a bar on a terminal and without anything elsewhere.</summary>
    public T WithProgress<T>(string what, Func<Action<double>, T> work)
    {
        if (!Messages.Profile.Capabilities.Interactive)
        {
            return work(_ => { });
        }

        return Messages
            .Progress()
            .Start(context =>
            {
                var task = context.AddTask(Markup.Escape(what));
                return work(part => task.Value = part * task.MaxValue);
            });
    }

    private static IAnsiConsole ConsoleOn(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
                Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
                Out = new AnsiConsoleOutput(writer),
            }
        );
        if (redirected)
        {
            console.Profile.Width = WidthWithoutTerminal;
        }

        return console;
    }
}
