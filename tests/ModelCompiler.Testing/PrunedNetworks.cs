using ModelCompiler.Graphs;

namespace ModelCompiler.Testing;

/// <summary>
/// Networks as pruning, clustering and quantisation leave them, of random weights: of normally distributed weights those of least magnitude
/// are zero, the others are the means of clusters, and all are int8 with one scale a layer.
/// </summary>
public static class PrunedNetworks
{
    private const float InputScale = 1f / 255;
    private const float InnerScale = 0.02f;

    /// <summary>Parameters of LeNet-300-100: weights and biases.</summary>
    public const int LeNet300Parameters = (784 * 300) + 300 + (300 * 100) + 100 + (100 * 10) + 10;

    /// <summary>Parameters of LeNet-5 with 20 and 50 channels and 500 units.</summary>
    public const int LeNet5Parameters = (20 * 25) + 20 + (50 * 20 * 25) + 50 + (800 * 500) + 500 + (500 * 10) + 10;

    /// <summary>LeNet-300-100 (LeCun et al. 1998), x float32[1,784] → float32[1,10].</summary>
    /// <param name="density">Part of the weights that is not zero.</param>
    /// <param name="clusters">How many values these have, at most.</param>
    public static OnnxModelBuilder LeNet300(double density, int clusters)
    {
        var (random, model) = (new Random(1), new OnnxModelBuilder());
        var x = Quantised(model, model.Input("x", ElementType.Float32, 1, 784), InputScale);
        x = Layer(model, random, x, [784, 300], InputScale, density, clusters);
        x = Layer(model, random, x, [300, 100], InnerScale, density, clusters);
        x = Layer(model, random, x, [100, 10], InnerScale, density, clusters, activation: false);
        return model.Output(x, ElementType.Float32);
    }

    /// <summary>LeNet-5 of Caffe (20 and 50 channels, 500 units), x float32[1,1,28,28] → float32[1,10], as dense as Han et al. 2016 have it.</summary>
    /// <param name="clusters">How many values the weights of a layer have, at most.</param>
    public static OnnxModelBuilder LeNet5(int clusters)
    {
        var (random, model) = (new Random(1), new OnnxModelBuilder());
        var x = Quantised(model, model.Input("x", ElementType.Float32, 1, 1, 28, 28), InputScale);
        x = Pooled(model, Layer(model, random, x, [20, 1, 5, 5], InputScale, 0.66, clusters));
        x = Pooled(model, Layer(model, random, x, [50, 20, 5, 5], InnerScale, 0.12, clusters));
        x = model.Node("Flatten", [x]);
        x = Layer(model, random, x, [800, 500], InnerScale, 0.08, clusters);
        x = Layer(model, random, x, [500, 10], InnerScale, 0.19, clusters, activation: false);
        return model.Output(x, ElementType.Float32);
    }

    /// <summary>Weights [inputs, outputs] of a layer.</summary>
    /// <param name="random">Where they come from.</param>
    /// <param name="count">How many.</param>
    /// <param name="density">Part of them that is not zero.</param>
    /// <param name="clusters">How many values these have, at most.</param>
    public static sbyte[] Weights(Random random, int count, double density, int clusters)
    {
        var weights = Enumerable.Range(0, count).Select(_ => Normal(random)).ToArray();
        var least = weights.Select(Math.Abs).Order().ElementAt((int)(count * (1 - density)));
        var kept = weights.Where(w => Math.Abs(w) >= least).Order().ToArray();
        var means = Means(kept, clusters);
        var scale = means.Max(Math.Abs) / sbyte.MaxValue;
        return
        [
            .. weights.Select(w => Math.Abs(w) < least ? (sbyte)0 : (sbyte)Math.Round(means.MinBy(mean => Math.Abs(mean - w)) / scale)),
        ];
    }

    /// <summary>A matrix product [inputs, outputs] or a convolution [outputs, inputs, rows, columns], and its activation.</summary>
    private static string Layer(
        OnnxModelBuilder model,
        Random random,
        string x,
        int[] shape,
        float inputScale,
        double density,
        int clusters,
        bool activation = true
    )
    {
        var (type, isMatrix) = (new TensorShape(shape), shape.Length == 2);
        var (outputs, depth) = isMatrix ? (shape[1], shape[0]) : (shape[0], type.Elements / shape[0]);
        var scale = 1f / 127 / MathF.Sqrt(depth * (float)density);
        var zero = model.Constant(Tensor.From<sbyte>(ElementType.Int8, TensorShape.Scalar, [0]));
        int[] biases = [.. Enumerable.Range(0, outputs).Select(_ => random.Next(-2000, 2000))];
        var y = model.Node(
            isMatrix ? "Gemm" : "Conv",
            [
                x,
                model.Node(
                    "DequantizeLinear",
                    [Gathered(model, Weights(random, type.Elements, density, clusters), type), model.Constant([], scale), zero]
                ),
                model.Node(
                    "DequantizeLinear",
                    [
                        model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(outputs), biases)),
                        model.Constant([], inputScale * scale),
                    ]
                ),
            ]
        );
        return Quantised(model, activation ? model.Node("Relu", [y]) : y, InnerScale);
    }

    private static string Pooled(OnnxModelBuilder model, string x) =>
        model.Node("MaxPool", [x], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }));

    /// <summary>Weights as the cluster command writes them: indices of a code book.</summary>
    private static string Gathered(OnnxModelBuilder model, sbyte[] weights, TensorShape shape)
    {
        sbyte[] book = [.. weights.Distinct().Order()];
        byte[] indices = [.. weights.Select(w => (byte)Array.BinarySearch(book, w))];
        var wide = model.Node("Cast", [model.Constant(Tensor.From<byte>(ElementType.UInt8, shape, indices))], ("to", 6));
        return model.Node("Gather", [model.Constant(Tensor.From<sbyte>(ElementType.Int8, new TensorShape(book.Length), book)), wide]);
    }

    private static string Quantised(OnnxModelBuilder model, string x, float scale)
    {
        var zero = model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [0]));
        var step = model.Constant([], scale);
        return model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, step, zero]), step, zero]);
    }

    /// <summary>By the method of Box and Muller.</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Lloyd's iterations from an even start.</summary>
    private static double[] Means(double[] sorted, int clusters)
    {
        var (low, high) = (sorted[0], sorted[^1]);
        double[] means = [.. Enumerable.Range(0, clusters).Select(i => low + ((high - low) * (i + 0.5) / clusters))];
        for (var iteration = 0; iteration < 20; iteration++)
        {
            means = [.. sorted.GroupBy(w => means.MinBy(mean => Math.Abs(mean - w))).Select(g => g.Average())];
        }

        return means;
    }
}
