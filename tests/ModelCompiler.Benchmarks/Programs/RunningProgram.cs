using System.Diagnostics;
using System.Globalization;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>A started program of <see cref="ProgramText"/> that has its first result and waits.</summary>
internal sealed class RunningProgram : IDisposable
{
    private readonly Process _process;

    private RunningProgram(Process process, TimeSpan timeToFirstResult, string firstLine)
    {
        _process = process;
        TimeToFirstResult = timeToFirstResult;
        FirstLine = firstLine;
    }

    /// <summary>From before the process was there to its first line.</summary>
    public TimeSpan TimeToFirstResult { get; }

    /// <summary>The first elements of the result, in hexadecimal.</summary>
    public string FirstLine { get; }

    /// <summary>The most memory that it has had so far.</summary>
    public long PeakResidentBytes => ProcessMemory.PeakOf(_process.Id);

    /// <summary>Starts a program and waits for its first result; starts it again where other work on the machine came between.</summary>
    /// <exception cref="InvalidOperationException">It ends without one.</exception>
    public static RunningProgram Start(string program) =>
        Scheduling.Undisturbed(
            () =>
            {
                var (running, waiting) = Scheduling.Observe(() => StartOnce(program));
                return (running, waiting + (Scheduling.Waited($"/proc/{running._process.Id}") / running.TimeToFirstResult));
            },
            discard: running => running.Dispose()
        );

    private static RunningProgram StartOnce(string program)
    {
        var start = Command.Start(program);
        start.RedirectStandardInput = true;
        var watch = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        var elapsed = watch.Elapsed;
        if (line is null)
        {
            throw new InvalidOperationException($"{program} has no result:\n{process.StandardError.ReadToEnd()}");
        }

        return new RunningProgram(process, elapsed, line);
    }

    /// <summary>Milliseconds of one call, over several.</summary>
    public double Sample(int calls) => Scheduling.Undisturbed(() => Scheduling.Observe(() => Ask(calls), $"/proc/{_process.Id}"));

    private double Ask(int calls)
    {
        _process.StandardInput.WriteLine(calls.ToString(CultureInfo.InvariantCulture));
        var answer = _process.StandardOutput.ReadLine();
        return answer is null
            ? throw new InvalidOperationException($"{_process.StartInfo.FileName} has stopped:\n{_process.StandardError.ReadToEnd()}")
            : double.Parse(answer, CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The end of its input is the end of the program.
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
