using System.Diagnostics;
using System.Globalization;

namespace ModelCompiler.Verification;

/// <summary>Keeps measurements clean of the time in which the system ran something else on the processor.</summary>
public static class Scheduling
{
    // On a machine with ten runnable threads a processor about one sample of three goes through.
    private const int Tries = 50;

    // Interrupts come and go; a thread that has lost its processor is away for milliseconds.
    private const double Bearable = 0.02;

    /// <summary>Measures again until next to no time was spent waiting for a processor.</summary>
    /// <param name="measure">Measures, and says how much of the time was such waiting.</param>
    /// <param name="discard">What becomes of measurements that are not taken.</param>
    /// <returns>The first undisturbed one; after many tries the least disturbed.</returns>
    public static T Undisturbed<T>(Func<(T Found, double Waiting)> measure, Action<T>? discard = null)
    {
        var best = measure();
        for (var tries = 1; tries < Tries && best.Waiting > Bearable; tries++)
        {
            var next = measure();
            var (kept, left) = next.Waiting < best.Waiting ? (next, best) : (best, next);
            discard?.Invoke(left.Found);
            best = kept;
        }

        return best.Found;
    }

    /// <summary>Does something and says which part of the time a thread waited for a processor meanwhile.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="thread">Folder of the thread that works, where Linux shows it; null for this one.</param>
    public static (T Found, double Waiting) Observe<T>(Func<T> work, string? thread = null)
    {
        var before = Waited(thread);
        var start = Stopwatch.GetTimestamp();
        var found = work();
        var elapsed = Stopwatch.GetElapsedTime(start);
        return (found, (Waited(thread) - before) / elapsed);
    }

    /// <summary>How long a thread has waited for a processor in all its life; 0 where the system does not tell.</summary>
    /// <param name="thread">Folder of the thread, where Linux shows it; null for this one.</param>
    public static TimeSpan Waited(string? thread = null)
    {
        try
        {
            // Nanoseconds that it has run, nanoseconds that it could have run but did not, and how often it was let to.
            var fields = File.ReadAllText($"{thread ?? "/proc/thread-self"}/schedstat").Split(' ');
            return TimeSpan.FromMicroseconds(long.Parse(fields[1], CultureInfo.InvariantCulture) / 1e3);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return TimeSpan.Zero;
        }
    }
}
