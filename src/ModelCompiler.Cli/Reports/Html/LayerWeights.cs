using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>What the constants of a step take, as they are in the binary and as they could be.</summary>
/// <param name="Elements">Numbers among the constants that the step computes with, biases included.</param>
/// <param name="BakedBytes">Bytes in the binary: packing, code books, positions of blocks, multipliers and all.</param>
/// <param name="Int8Bytes">A byte for each weight, four for each bias or other constant of one dimension.</param>
/// <param name="Float32Bytes">Four bytes for each.</param>
/// <param name="Form">How the weights are packed where that is not number by number; null where it is.</param>
internal sealed record LayerWeights(long Elements, long BakedBytes, long Int8Bytes, long Float32Bytes, string? Form)
{
    /// <summary>The constants of each step, in order.</summary>
    public static IReadOnlyList<LayerWeights> Of(KernelProgram program)
    {
        var owned = NodesOf(program);
        return [.. program.Steps.Select((s, i) => Of(s, owned[i], program))];
    }

    /// <summary>
    /// The nodes whose constants count as those of each step. Some nodes become two steps, the first of which only moves what the
    /// second computes with: all that is theirs belongs to the one with the most arithmetic.
    /// </summary>
    private static IReadOnlyList<HashSet<string>> NodesOf(KernelProgram program)
    {
        var owners = program
            .Steps.SelectMany((step, i) => step.Nodes.Distinct().Select(node => (Node: node, Step: i)))
            .GroupBy(n => n.Node, StringComparer.Ordinal)
            .Select(g => (Node: g.Key, Step: g.Select(n => n.Step).MaxBy(i => (program.Steps[i].Macs, i))))
            .ToLookup(o => o.Step, o => o.Node);
        return [.. Enumerable.Range(0, program.Steps.Count).Select(i => owners[i].ToHashSet(StringComparer.Ordinal))];
    }

    /// <summary>The sum of several.</summary>
    public static LayerWeights Sum(IReadOnlyCollection<LayerWeights> layers) =>
        new(
            layers.Sum(l => l.Elements),
            layers.Sum(l => l.BakedBytes),
            layers.Sum(l => l.Int8Bytes),
            layers.Sum(l => l.Float32Bytes),
            Form: null
        );

    private static LayerWeights Of(Step step, HashSet<string> nodes, KernelProgram program)
    {
        var plain = program.PlainSizes.Where(p => nodes.Contains(p.Node)).ToList();
        return new(
            plain.Sum(p => p.Weights + p.Biases),
            BytesOf(step, nodes, program),
            plain.Sum(p => p.Int8Bytes),
            plain.Sum(p => p.Float32Bytes),
            step.Kernel.Packing
        );
    }

    /// <summary>What is packed for the step's nodes, and constants that it reads as they are, which go by names of their own.</summary>
    private static long BytesOf(Step step, HashSet<string> nodes, KernelProgram program)
    {
        var packed = program.WeightTable.Where(w => nodes.Contains(w.Node)).ToDictionary(w => w.Offset, w => (long)w.Bytes);
        foreach (var constant in ReadConstants(step))
        {
            packed.TryAdd(constant.Offset, constant.Type.Bytes);
        }

        return packed.Values.Sum();
    }

    private static IEnumerable<Operand> ReadConstants(Step step) =>
        step
            .Inputs.Where(i => i.Place == Place.Weights)
            .Concat(step.Kernel is IBodyKernel kernel ? kernel.Bodies.SelectMany(b => b.Steps).SelectMany(ReadConstants) : []);
}
