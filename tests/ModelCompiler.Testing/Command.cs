using System.Diagnostics;

namespace ModelCompiler.Testing;

/// <summary>Runs programs.</summary>
public static class Command
{
    /// <summary>Runs a program to its end and returns its standard output.</summary>
    /// <exception cref="InvalidOperationException">It fails, or does not end.</exception>
    public static string Run(string folder, string program, params string[] arguments)
    {
        var start = Start(program, arguments);
        start.WorkingDirectory = folder;
        using var process = Process.Start(start)!;
        return Output(process);
    }

    /// <summary>Reads what a program writes to its end.</summary>
    /// <exception cref="InvalidOperationException">It fails, or does not end.</exception>
    public static string Output(Process process)
    {
        var (program, arguments) = (process.StartInfo.FileName, string.Join(' ', process.StartInfo.ArgumentList));
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromMinutes(10)))
        {
            throw new InvalidOperationException($"{program} {arguments} does not end");
        }

        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {arguments} ended with {process.ExitCode}:\n{output}\n{errors.Result}");
    }

    /// <summary>The time from the start of a program to its first line.</summary>
    public static TimeSpan TimeToFirstLine(string program)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(Start(program, []))!;
        process.StandardOutput.ReadLine();
        var elapsed = watch.Elapsed;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return elapsed;
    }

    /// <summary>How programs are started here: with their output read, and without what this process has inherited.</summary>
    public static ProcessStartInfo Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // The test runner's own settings would reach the builds that are started here.
        foreach (
            var name in new[] { "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath", "MSBuildLoadMicrosoftTargetsReadOnly" }
        )
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        return start;
    }
}
