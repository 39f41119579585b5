using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Passes;
using ModelCompiler.Verification;

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
    public static IReadOnlyList<LayerWeights> Of(ModelCase opened, KernelProgram program)
    {
        var (graph, _) = OnnxImporter.Import(opened.File.Source, opened.Options);
        // The program was lowered from the same file, so there is a graph.
        var constants = ConstantsByNode(Pipeline.Run(graph!, opened.Options.Target)).ToLookup(c => c.Node, c => c.Constant);
        var owned = NodesOf(program);
        return [.. program.Steps.Select((s, i) => Of(s, owned[i], program, owned[i].SelectMany(n => constants[n]).Distinct()))];
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

    private static LayerWeights Of(Step step, HashSet<string> nodes, KernelProgram program, IEnumerable<Value> constants)
    {
        long weights = 0;
        long others = 0;
        foreach (var constant in constants)
        {
            if (constant.Shape.Rank > 1)
            {
                weights += constant.Shape.Elements;
            }
            else
            {
                others += constant.Shape.Elements;
            }
        }

        return new(weights + others, BytesOf(step, nodes, program), weights + (4 * others), 4 * (weights + others), step.Kernel.Packing);
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

    private static IEnumerable<(string Node, Value Constant)> ConstantsByNode(Graph graph) =>
        graph.Nodes.SelectMany(n =>
            n.Inputs.Where(i => i?.Constant is not null)
                .Select(i => (n.Name, i!))
                .Concat(n.Operator is IHasBodies { Bodies: var bodies } ? bodies.SelectMany(ConstantsByNode) : [])
        );
}
