using ModelCompiler.Lowering.Chains;

namespace ModelCompiler.Lowering;

/// <summary>
/// Decides which calls several threads compute together. A call is divided over its rows, so every element is computed as before;
/// each part has scratch of its own. The caller's spans cannot be given to other threads, so calls that read or write them stay whole.
/// </summary>
internal static class ThreadSplit
{
    /// <summary>Handing out a part and waiting for it costs about as much as this many multiply-accumulates.</summary>
    private const long LeastMacsOfPart = 100_000;

    public static IReadOnlyList<KernelCall> Apply(IReadOnlyList<KernelCall> calls, ArenaLoad load, int threads) =>
        threads == 1
            ? calls
            :
            [
                .. calls.Select(call =>
                    call with
                    {
                        Parts = call.Inputs.Concat(call.Outputs).All(load.IsOurs) ? PartsOf(call, threads) : 1,
                    }
                ),
            ];

    private static int PartsOf(KernelCall call, int threads)
    {
        var parts = call.Kernel.Split is { } split ? Math.Min(split.Rows / split.Least, call.Macs / LeastMacsOfPart) : 1;
        return (int)Math.Max(1, Math.Min(parts, threads));
    }
}
