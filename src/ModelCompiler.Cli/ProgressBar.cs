using Spectre.Console;

namespace ModelCompiler.Cli;

/// <summary>A bar for work of which it is known how many steps it takes.</summary>
internal static class ProgressBar
{
    /// <summary>Does the work, with a bar on a terminal and without anything elsewhere.</summary>
    /// <param name="terminal">Where the bar is.</param>
    /// <param name="what">What is done.</param>
    /// <param name="steps">How many steps it takes.</param>
    /// <param name="work">The work, which is given what to call after each step.</param>
    public static T WithProgress<T>(this Terminal terminal, string what, int steps, Func<Action, T> work) =>
        terminal.Messages.Profile.Capabilities.Interactive
            ? terminal
                .Messages.Progress()
                .Start(progress =>
                {
                    var task = progress.AddTask(Markup.Escape(what), maxValue: Math.Max(steps, 1));
                    return work(() => task.Increment(1));
                })
            : work(() => { });
}
