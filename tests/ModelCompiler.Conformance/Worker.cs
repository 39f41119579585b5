using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace ModelCompiler.Conformance;

/// <summary>
/// A process of its own that runs cases, one at a time: a case that never ends, or takes the process down with it, costs nothing
/// but itself.
/// </summary>
internal sealed class Worker(string root, TimeSpan limit) : IDisposable
{
    /// <summary>The argument by which this program knows that it is a worker; the root follows.</summary>
    public const string Argument = "--worker";

    private Process? _process;

    /// <summary>The other side: reads names of cases from standard input, writes results to standard output.</summary>
    public static int Serve(string root)
    {
        var results = Console.Out;
        Console.SetOut(TextWriter.Null);
        while (Console.In.ReadLine() is { } name)
        {
            results.WriteLine(JsonSerializer.Serialize(ConformanceCase.Run(root, name)));
            results.Flush();
        }

        return 0;
    }

    public async Task<CaseResult> Run(string name)
    {
        _process ??= Start();
        try
        {
            await _process.StandardInput.WriteLineAsync(name);
            await _process.StandardInput.FlushAsync();
            using var timeout = new CancellationTokenSource(limit);
            var line = await _process.StandardOutput.ReadLineAsync(timeout.Token);
            return line is not null ? JsonSerializer.Deserialize<CaseResult>(line)! : await Crashed(name);
        }
        catch (OperationCanceledException)
        {
            Dispose();
            return CaseResult.Failure(name, $"not finished after {limit.TotalSeconds} s");
        }
        catch (IOException)
        {
            return await Crashed(name);
        }
    }

    public void Dispose()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
            _process = null;
        }
    }

    private async Task<CaseResult> Crashed(string name)
    {
        await _process!.WaitForExitAsync();
        var code = _process.ExitCode;
        Dispose();
        return CaseResult.Failure(name, $"the process ended with exit code {code} while it ran this case");
    }

    private Process Start()
    {
        var host = Path.GetFullPath(
            Path.Combine(
                RuntimeEnvironment.GetRuntimeDirectory(),
                "../../..",
                RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "dotnet.exe" : "dotnet"
            )
        );
        var start = new ProcessStartInfo(host)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { "exec", typeof(Worker).Assembly.Location, Argument, root })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{host} did not start");
        // Read and dropped, so that a crash with a long trace does not block on a full pipe.
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }
}
