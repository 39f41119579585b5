using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning;

/// <summary>A residual block that was taken out.</summary>
/// <param name="Sum">Name of the sum that ended it.</param>
/// <param name="Nodes">Number of nodes that went with it.</param>
/// <param name="Drop">How much worse than the original the model is without this block and those before it.</param>
public sealed record RemovedBlock(string Sum, int Nodes, double Drop);

/// <summary>A model with fewer residual blocks.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Removed">The blocks that went, in that order.</param>
public sealed record ShortModel(byte[] Model, IReadOnlyList<RemovedBlock> Removed);

/// <summary>
/// Takes whole residual blocks out, x in place of x + f(x): at each step the one without which the model is least worse, as measured.
/// </summary>
public static class BlockPruning
{
    /// <summary>Prunes a float model.</summary>
    /// <param name="source">The model.</param>
    /// <param name="measure">How much worse a model has become.</param>
    /// <param name="blocks">Most blocks to take out.</param>
    /// <param name="allowedDrop">Most that the model may become worse.</param>
    /// <param name="options">Sizes of symbolic dimensions.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    /// <exception cref="CompressionException">The model cannot be used, or has no residual block.</exception>
    public static ShortModel Run(
        ModelSource source,
        ModelDrop measure,
        int blocks,
        double allowedDrop,
        CompileOptions options,
        CancellationToken cancellation = default
    )
    {
        var model = CompressibleModel.Read(source);
        var removed = new List<RemovedBlock>();
        while (removed.Count < blocks)
        {
            var candidates = Candidates(model, source.Path, options)
                .Select(c => (c.Sum, c.Skip, Short: Without(model, c.Sum, c.Skip)))
                .Select(c => (c.Sum, c.Short, Drop: measure.Of(c.Short, cancellation)))
                .ToList();
            if (candidates.Count == 0 && removed.Count == 0)
            {
                throw new CompressionException($"{source.Path}: there is no residual block, x + f(x), that could be taken out");
            }

            if (candidates.Count == 0 || !(candidates.Min(c => c.Drop) <= allowedDrop))
            {
                break;
            }

            var best = candidates.MinBy(c => c.Drop);
            var next = OnnxModel.Read(new ModelSource(source.Path, best.Short, _ => null));
            removed.Add(new(WeightTensor.NameOf(best.Sum), model.Graph.Node.Count - next.Graph.Node.Count, best.Drop));
            model = next;
        }

        return new ShortModel(model.Proto.ToByteArray(), removed);
    }

    /// <summary>Sums of a value and of something computed from it, of one shape.</summary>
    private static List<(NodeProto Sum, string Skip)> Candidates(OnnxModel model, string path, CompileOptions options)
    {
        var shapes = ValueShapes.Of(model, path, options);
        return
        [
            .. model
                .Graph.Node.Where(n => n.OpType is "Add" or "Sum" && OnnxDomains.Normalise(n.Domain).Length == 0 && n.Input.Count == 2)
                .Where(n => !model.IsOutput(n.Output[0]))
                .SelectMany(n => new[] { (Sum: n, Skip: n.Input[0], Branch: n.Input[1]), (Sum: n, Skip: n.Input[1], Branch: n.Input[0]) })
                .Where(c =>
                    model.Constant(c.Skip) is null
                    && c.Skip != c.Branch
                    && shapes.Find(c.Skip) is { } shape
                    && shape == shapes.Find(c.Sum.Output[0])
                    && DependsOn(model, c.Branch, c.Skip)
                )
                .Select(c => (c.Sum, c.Skip)),
        ];
    }

    private static bool DependsOn(OnnxModel model, string value, string wanted)
    {
        var (seen, open) = (new HashSet<string>(StringComparer.Ordinal) { value }, new Stack<string>([value]));
        while (open.TryPop(out var name))
        {
            if (name == wanted)
            {
                return true;
            }

            foreach (var input in model.Producer(name) is { } producer ? OnnxModel.Reads(producer).Where(seen.Add) : [])
            {
                open.Push(input);
            }
        }

        return false;
    }

    private static byte[] Without(OnnxModel original, NodeProto sum, string skip)
    {
        var model = OnnxModel.Read(new ModelSource("", original.Proto.ToByteArray(), _ => null));
        // As a node of its own: also the graphs in attributes may read the sum.
        var index = original.Graph.Node.IndexOf(sum);
        var bypass = OnnxMessages.Node(sum.Name, "Identity", [skip], sum.Output[0]);
        model.SetNodes([.. model.Graph.Node.Select((n, i) => i == index ? bypass : n)]);
        Bypass(model, bypass, skip);
        RemoveUnread(model);
        model.RemoveUnusedConstants();
        model.Graph.ValueInfo.Clear();
        return model.Proto.ToByteArray();
    }

    private static void Bypass(OnnxModel model, NodeProto identity, string skip)
    {
        foreach (var reader in model.Consumers(identity.Output[0]).ToList())
        {
            for (var i = 0; i < reader.Input.Count; i++)
            {
                reader.Input[i] = reader.Input[i] == identity.Output[0] ? skip : reader.Input[i];
            }
        }

        model.NodesChanged();
    }

    private static void RemoveUnread(OnnxModel model)
    {
        var read = model.Graph.Output.Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        var kept = new List<NodeProto>();
        foreach (var node in model.Graph.Node.Reverse())
        {
            if (node.Output.Any(read.Contains))
            {
                kept.Add(node);
                read.UnionWith(OnnxModel.Reads(node));
            }
        }

        kept.Reverse();
        model.SetNodes(kept);
    }
}
