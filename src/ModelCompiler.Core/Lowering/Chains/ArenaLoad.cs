using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Chains;

/// <summary>What is in memory at each call of a list: tensors of the arena that are still needed, and scratch.</summary>
/// <param name="graph">The graph, whose inputs and outputs lie in the caller's spans.</param>
/// <param name="views">Which values share memory.</param>
/// <param name="original">The calls before any are joined.</param>
internal sealed class ArenaLoad(Graph graph, ViewTable views, IReadOnlyList<KernelCall> original)
{
    private readonly HashSet<Value> _outside =
    [
        .. graph.Inputs,
        .. graph.Outputs.Select(o => views.Root(o.Value)),
        .. original.Where(c => c.CopiesOutput >= 0).SelectMany(c => c.Outputs),
    ];

    private readonly ILookup<Value, KernelCall> _readers = original
        .SelectMany(call => call.Inputs.Select(input => (Root: views.Root(input), call)))
        .ToLookup(p => p.Root, p => p.call);

    /// <summary>Whether a value is read by one call alone, which reads all of it as it is, and is nothing that the caller sees.</summary>
    public bool IsPassedOn(Value value, KernelCall reader) =>
        views.Root(value) == value
        && !_outside.Contains(value)
        && views.Root(reader.Inputs[0]) == value
        && reader.Inputs[0].Type == value.Type
        && _readers[value].All(r => r == reader);

    /// <summary>Whether a value lies in the arena or the weights, not in a span of the caller's.</summary>
    public bool IsOurs(Value value) => !_outside.Contains(views.Root(value));

    /// <summary>Bytes in memory at each call.</summary>
    public long[] Of(IReadOnlyList<KernelCall> calls)
    {
        var lives = new Dictionary<Value, (int First, int Last)>();
        for (var i = 0; i < calls.Count; i++)
        {
            foreach (var root in calls[i].Inputs.Concat(calls[i].Outputs).Select(views.Root))
            {
                if (root.Constant is null && !_outside.Contains(root))
                {
                    lives[root] = (lives.TryGetValue(root, out var life) ? life.First : i, i);
                }
            }
        }

        var load = calls.Select(c => (long)c.ScratchBytes * c.Parts).ToArray();
        foreach (var (root, (first, last)) in lives.Select(l => (l.Key, l.Value)))
        {
            for (var i = first; i <= last; i++)
            {
                load[i] += root.Type.Bytes;
            }
        }

        for (var i = 0; i < calls.Count; i++)
        {
            load[i] -= Reused(calls[i], i, lives);
        }

        return load;
    }

    /// <summary>The most bytes in memory at one call.</summary>
    public long Peak(IReadOnlyList<KernelCall> calls) => Of(calls).DefaultIfEmpty().Max();

    /// <summary>Bytes of an output that takes the place of an input which ends there.</summary>
    private long Reused(KernelCall call, int index, Dictionary<Value, (int First, int Last)> lives)
    {
        if (call.InPlaceInput < 0)
        {
            return 0;
        }

        var (input, output) = (views.Root(call.Inputs[call.InPlaceInput]), views.Root(call.Outputs[0]));
        return
            lives.TryGetValue(input, out var life) && life.Last == index && lives.TryGetValue(output, out var next) && next.First == index
            ? Math.Min(input.Type.Bytes, output.Type.Bytes)
            : 0;
    }
}
