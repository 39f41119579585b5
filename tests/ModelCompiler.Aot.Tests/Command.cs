using System.Diagnostics;

namespace ModelCompiler.Aot.Tests;

/// <summary>Runs programs.</summary>
internal static class Command
{
    /// <summary>Runs a program to its end and returns its standard output; fails the test where it fails.</summary>
    public static string Run(string folder, string program, params string[] arguments)
    {
        var start = Start(program, arguments);
        start.WorkingDirectory = folder;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(10)), $"{program} does not end");
        Assert.True(
            process.ExitCode == 0,
            $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}\n{errors.Result}"
        );
        return output;
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

    private static ProcessStartInfo Start(string program, string[] arguments)
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
