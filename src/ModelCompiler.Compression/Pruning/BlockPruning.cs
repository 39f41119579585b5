using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning;

/// <summary>Choices for <see cref="BlockPruning"/>.</summary>
/// <param name="Blocks">Most blocks to take out.</param>
/// <param name="AllowedDrop">Most that the model may become worse.</param>
public sealed record BlockPruningOptions(int Blocks, double AllowedDrop = double.PositiveInfinity)
{
    /// <summary>Which nodes may go, by name; by default all.</summary>
    public Func<string, bool> Layers { get; init; } = _ => true;

    /// <summary>Sizes of symbolic dimensions.</summary>
    public CompileOptions Compile { get; init; } = new();
}

/// <summary>A block that was taken out.</summary>
/// <param name="Name">Name of the sum that ended it, or of its first layer where it was a chain.</param>
/// <param name="Nodes">Number of nodes that went with it.</param>
/// <param name="Drop">How much worse than the original the model is without this block and those before it.</param>
public sealed record RemovedBlock(string Name, int Nodes, double Drop);

/// <summary>A model with fewer blocks.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Removed">The blocks that went, in that order.</param>
public sealed record ShortModel(byte[] Model, IReadOnlyList<RemovedBlock> Removed);

/// <summary>
/// Takes whole blocks out: x in place of x + f(x), and x in place of f(x) where f is a chain of layers that gives the shape it takes. At
/// each step that one goes without which the model is least worse, as measured.
/// </summary>
public static class BlockPruning
{
    /// <summary>Prunes a model, float or of integer weights behind DequantizeLinear.</summary>
    /// <param name="source">The model.</param>
    /// <param name="measure">How much worse a model has become.</param>
    /// <param name="options">How many blocks go, and which.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    /// <exception cref="CompressionException">The model cannot be used, or has no such block.</exception>
    public static ShortModel Run(
        ModelSource source,
        ModelDrop measure,
        BlockPruningOptions options,
        CancellationToken cancellation = default
    )
    {
        if (options.Blocks < 1)
        {
            throw new CompressionException($"at least 1 block is to be taken out, which {options.Blocks} is not");
        }

        var model = CompressibleModel.Read(source);
        var removed = new List<RemovedBlock>();
        while (removed.Count < options.Blocks)
        {
            (RemovableBlock Block, OnnxModel Model, double Drop)? best = null;
            foreach (var (block, shorter) in Shorter(model, source.Path, options))
            {
                var drop = measure.Of(shorter.Proto.ToByteArray(), cancellation);
                best = best is null || drop < best.Value.Drop ? (block, shorter, drop) : best;
            }

            if (best is null && removed.Count == 0)
            {
                throw new CompressionException(
                    $"{source.Path}: there is no block that could be taken out, neither x + f(x) nor a chain of layers that gives the shape it takes"
                );
            }

            if (best is not { } least || !(least.Drop <= options.AllowedDrop))
            {
                break;
            }

            removed.Add(new(least.Block.Name, model.Graph.Node.Count - least.Model.Graph.Node.Count, least.Drop));
            model = least.Model;
        }

        return new ShortModel(model.Proto.ToByteArray(), removed);
    }

    /// <summary>The model without each of its blocks.</summary>
    private static IEnumerable<(RemovableBlock Block, OnnxModel Model)> Shorter(OnnxModel model, string path, BlockPruningOptions options)
    {
        foreach (var block in RemovableBlock.AllOf(model, ValueShapes.Of(model, path, options.Compile)))
        {
            var shorter = Without(model, block);
            var left = shorter.Graph.Node.Select(n => n.Output[0]).ToHashSet(StringComparer.Ordinal);
            if (
                model.Graph.Node.Where(n => n == block.Last || !left.Contains(n.Output[0])).All(n => options.Layers(WeightTensor.NameOf(n)))
            )
            {
                yield return (block, shorter);
            }
        }
    }

    private static OnnxModel Without(OnnxModel original, RemovableBlock block)
    {
        var model = OnnxModel.Read(new ModelSource("", original.Proto.ToByteArray(), _ => null));
        // As a node of its own: also the graphs in attributes may read what the block gives.
        var index = original.Graph.Node.IndexOf(block.Last);
        var bypass = OnnxMessages.Node(block.Last.Name, "Identity", [block.Input], block.Last.Output[0]);
        model.SetNodes([.. model.Graph.Node.Select((n, i) => i == index ? bypass : n)]);
        Bypass(model, bypass, block.Input);
        RemoveUnread(model);
        model.RemoveUnusedConstants();
        model.Graph.ValueInfo.Clear();
        return model;
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
