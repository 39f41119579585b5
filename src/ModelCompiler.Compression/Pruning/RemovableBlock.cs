using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning;

/// <summary>A part of a network in whose place its input can stand, because it has the same shape.</summary>
/// <param name="Name">What it is called: its sum, or its first layer.</param>
/// <param name="Input">The value that stands for it.</param>
/// <param name="Last">The node that gives its result.</param>
internal sealed record RemovableBlock(string Name, string Input, NodeProto Last)
{
    /// <summary>The blocks of a model: residual ones, then chains, each in the order of the nodes.</summary>
    public static IReadOnlyList<RemovableBlock> AllOf(OnnxModel model, ValueShapes shapes)
    {
        var residuals = Residuals(model, shapes).ToList();
        // Without the branch of a residual block x + x would be left: the block as a whole goes instead.
        var chains = model
            .Graph.Node.Select(n => Chain(model, shapes, n))
            .OfType<RemovableBlock>()
            .Where(c => !residuals.Any(r => r.Input == c.Input && r.Last.Input.Contains(c.Last.Output[0])));
        return [.. residuals, .. chains];
    }

    /// <summary>Sums of a value and of something computed from it, of one shape.</summary>
    private static IEnumerable<RemovableBlock> Residuals(OnnxModel model, ValueShapes shapes) =>
        model
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
            .Select(c => new RemovableBlock(WeightTensor.NameOf(c.Sum), c.Skip, c.Sum));

    /// <summary>
    /// The shortest chain that begins with a layer of weights and gives the shape it takes, with what follows it up to the next layer,
    /// such as normalisation and activation; null where there is none.
    /// </summary>
    private static RemovableBlock? Chain(OnnxModel model, ValueShapes shapes, NodeProto first)
    {
        if (!IsLayer(model, first) || OnlyInput(model, first) is not { } input || shapes.Find(input) is not { } shape)
        {
            return null;
        }

        NodeProto? last = null;
        for (var node = first; node is not null; node = Next(model, node))
        {
            var fits = shapes.Find(node.Output[0]) == shape && !model.IsOutput(node.Output[0]);
            if (last is not null && (!fits || IsLayer(model, node)))
            {
                break;
            }

            last = fits ? node : last;
        }

        return last is null ? null : new(WeightTensor.NameOf(first), input, last);
    }

    /// <summary>The node behind one in a chain: the only reader, which reads nothing else that is computed.</summary>
    private static NodeProto? Next(OnnxModel model, NodeProto node) =>
        node.Output.Count(o => o.Length > 0) == 1
        && model.OnlyConsumer(node.Output[0]) is { } next
        && OnlyInput(model, next) == node.Output[0]
            ? next
            : null;

    private static bool IsLayer(OnnxModel model, NodeProto node) => WeightTensor.Of(model, node) is not null;

    private static string? OnlyInput(OnnxModel model, NodeProto node) =>
        OnnxModel.Reads(node).Where(i => !WeightTensor.IsConstant(model, i)).Distinct().ToList() is [var input] ? input : null;

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
}
