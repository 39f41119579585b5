using Google.Protobuf;
using ModelCompiler.Compression.Onnx;

namespace ModelCompiler.Compression.Pruning;

/// <summary>How much of the weights goes.</summary>
public enum PruningScope
{
    /// <summary>The same share of each layer.</summary>
    Layer,

    /// <summary>A share of all layers together: one threshold for all.</summary>
    Global,

    /// <summary>Whatever is less important than a given number.</summary>
    Threshold,
}

/// <summary>Choices for <see cref="WeightPruning"/>.</summary>
/// <param name="Amount">The share of the weights that becomes zero, 0 to 1; with <see cref="PruningScope.Threshold"/> the threshold.</param>
public sealed record WeightPruningOptions(double Amount)
{
    /// <summary>Of what the amount is a share.</summary>
    public PruningScope Scope { get; init; } = PruningScope.Layer;

    /// <summary>Which weights become zero together. A pattern N:M says by itself how many.</summary>
    public SparsityPattern Pattern { get; init; } = SparsityPattern.Unstructured;

    /// <summary>How much a weight matters; by default its magnitude.</summary>
    public WeightImportance Importance { get; init; } = WeightImportances.Magnitude;

    /// <summary>Which layers are pruned; by default all.</summary>
    public Func<string, bool> Layers { get; init; } = _ => true;

    /// <summary>Shares of single layers by name, in place of <see cref="Amount"/> where the scope is a layer.</summary>
    public IReadOnlyDictionary<string, double> LayerAmounts { get; init; } = new Dictionary<string, double>();
}

/// <summary>How many weights of a layer are zero.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Weights">Number of weights.</param>
/// <param name="Zeros">How many are zero, those that were so before included.</param>
public sealed record LayerSparsity(string Layer, int Weights, int Zeros);

/// <summary>A model with zeros among its weights.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Layers">What was pruned.</param>
public sealed record SparseModel(byte[] Model, IReadOnlyList<LayerSparsity> Layers);

/// <summary>Makes the least important weights zero; all shapes stay as they are.</summary>
public static class WeightPruning
{
    /// <summary>Prunes a model, float or of integer weights behind DequantizeLinear.</summary>
    /// <exception cref="CompressionException">The model or the amount cannot be used.</exception>
    public static SparseModel Run(ModelSource source, WeightPruningOptions options)
    {
        Check(options);
        var model = CompressibleModel.Read(source);
        var scored = WeightTensor
            .AllOf(model)
            .Where(w => options.Layers(w.Layer) && Fits(w, options.Pattern))
            .Select(w => (Weight: w, Importance: options.Importance(w)))
            .Where(w => w.Importance is not null)
            .Select(w => (w.Weight, Importance: Checked(w.Weight, w.Importance!)))
            .ToList();
        if (scored.Count == 0)
        {
            throw new CompressionException($"{source.Path}: no layer has weights that can be pruned as {options.Pattern}");
        }

        var removed = options.Pattern is KeepOfEach pattern
            ? [.. scored.Select(s => OfEach(s.Weight, pattern, s.Importance))]
            : Blocks([.. scored.Select(s => WeightBlocks.Of(s.Weight, (BlockPattern)options.Pattern, s.Importance))], options);
        var layers = scored
            .Zip(
                removed,
                (s, offsets) => new LayerSparsity(s.Weight.Layer, s.Weight.Weights.Shape.Elements, s.Weight.MakeZero(model, offsets))
            )
            .ToList();
        return new SparseModel(model.Proto.ToByteArray(), layers);
    }

    private static void Check(WeightPruningOptions options)
    {
        foreach (var amount in options.LayerAmounts.Values.Append(options.Scope == PruningScope.Threshold ? 0 : options.Amount))
        {
            if (!(amount is >= 0 and <= 1))
            {
                throw new CompressionException($"a share of weights lies between 0 and 1, which {amount} does not");
            }
        }

        if (options.Scope == PruningScope.Threshold && !(options.Amount >= 0))
        {
            throw new CompressionException($"a threshold is a number of at least 0, which {options.Amount} is not");
        }
    }

    // Blocks and N:M are for products over many channels: in a depthwise convolution there is nothing to skip.
    private static bool Fits(WeightTensor weight, SparsityPattern pattern) =>
        weight.Weights.Shape.Elements > 0
        && pattern switch
        {
            KeepOfEach of => weight.Inputs >= of.Of,
            BlockPattern block => block == SparsityPattern.Unstructured || weight.Inputs >= block.Inputs,
            _ => false,
        };

    private static float[] Checked(WeightTensor weight, float[] importance) =>
        importance.Length != weight.Weights.Shape.Elements
            ? throw new CompressionException(
                $"layer '{weight.Layer}' has {weight.Weights.Shape.Elements} weights and {importance.Length} importances"
            )
        : importance.Any(float.IsNaN)
            ? throw new CompressionException($"the importance of a weight of layer '{weight.Layer}' is not a number")
        : importance;

    private static IEnumerable<int> OfEach(WeightTensor weight, KeepOfEach pattern, float[] importance)
    {
        foreach (var run in WeightBlocks.Runs(weight, pattern.Of))
        {
            foreach (var offset in run.OrderBy(o => importance[o]).Take(pattern.Of - pattern.Kept))
            {
                yield return offset;
            }
        }
    }

    private static List<IEnumerable<int>> Blocks(IReadOnlyList<WeightBlocks> layers, WeightPruningOptions options) =>
        options.Scope switch
        {
            PruningScope.Threshold => [.. layers.Select(l => Members(l, Below(l, (float)options.Amount)))],
            PruningScope.Global => Globally(layers, options.Amount),
            _ => [.. layers.Select(l => Members(l, Least(l, options.LayerAmounts.GetValueOrDefault(l.Weight.Layer, options.Amount))))],
        };

    private static IEnumerable<int> Below(WeightBlocks layer, float threshold) =>
        Enumerable.Range(0, layer.Count).Where(b => layer.Scores[b] < threshold);

    private static IEnumerable<int> Least(WeightBlocks layer, double share)
    {
        var order = Order(layer.Scores, layer.Kept);
        return Until(order, b => layer.Block(b).Length, share * layer.Members.Length);
    }

    private static List<IEnumerable<int>> Globally(IReadOnlyList<WeightBlocks> layers, double share)
    {
        var blocks = layers.SelectMany((l, i) => Enumerable.Range(0, l.Count).Select(b => (Layer: i, Block: b))).ToArray();
        var order = Order([.. layers.SelectMany(l => l.Scores)], [.. layers.SelectMany(l => l.Kept)]);
        var taken = Until(
            order,
            i => layers[blocks[i].Layer].Block(blocks[i].Block).Length,
            share * layers.Sum(l => (double)l.Members.Length)
        );
        var byLayer = taken.ToLookup(i => blocks[i].Layer, i => blocks[i].Block);
        return [.. layers.Select((l, i) => Members(l, byLayer[i]))];
    }

    // Of equal importances those first that are zero already, as after a step before; else in their own order, so that the result is the
    // same everywhere.
    private static int[] Order(float[] scores, int[] kept)
    {
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort([.. order.Select(i => (scores[i], kept[i], i))], order);
        return order;
    }

    /// <summary>The first blocks that together have about as many weights as wanted.</summary>
    private static List<int> Until(IEnumerable<int> order, Func<int, int> sizeOf, double wanted)
    {
        var (taken, sum) = (new List<int>(), 0.0);
        foreach (var block in order)
        {
            sum += sizeOf(block);
            // The block that reaches beyond the wanted share goes where more than half of it lies within.
            if (sum - (sizeOf(block) / 2.0) > wanted)
            {
                break;
            }

            taken.Add(block);
        }

        return taken;
    }

    private static IEnumerable<int> Members(WeightBlocks layer, IEnumerable<int> blocks)
    {
        foreach (var block in blocks)
        {
            for (var i = layer.Starts[block]; i < layer.Starts[block + 1]; i++)
            {
                yield return layer.Members[i];
            }
        }
    }
}
