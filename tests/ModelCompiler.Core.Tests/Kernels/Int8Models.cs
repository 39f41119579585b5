using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels;

/// <summary>How the weights and inputs of a test model are chosen.</summary>
public enum Extremes
{
    /// <summary>The whole range, at random.</summary>
    None,

    /// <summary>Only the lowest and the highest values: what overflows does it here.</summary>
    Random,

    /// <summary>All weights the lowest and all inputs the highest.</summary>
    Low,

    /// <summary>All weights the highest and all inputs the highest.</summary>
    High,
}

/// <summary>What compression has left of the weights of a test model.</summary>
/// <param name="Density">Part of the blocks of 4 inputs × <paramref name="Outputs"/> outputs that are not zero.</param>
/// <param name="Outputs">Output channels of a block.</param>
/// <param name="Values">How many different values there are; 0 for any.</param>
/// <param name="HasZero">Whether zero is one of few values.</param>
public sealed record Compressed(double Density = 1, int Outputs = 16, int Values = 0, bool HasZero = true)
{
    /// <summary>Part of all weights that is zero wherever they stand.</summary>
    public double Zeros { get; init; }

    /// <summary>Compresses weights [output, input, …], of which <paramref name="zero"/> stands for 0.</summary>
    public Tensor Apply(Tensor weights, Random random, int zero)
    {
        var (shape, bytes, low) = (weights.Shape, weights.Bytes.ToArray(), weights.Element == ElementType.Int8 ? -128 : 0);
        var (inputs, taps) = (shape[1], shape.Product(2, shape.Rank));
        var values = Enumerable.Range(low, 256).Where(v => HasZero || v != zero).OrderBy(_ => random.Next()).Take(Values).ToArray();
        if (Values > 0 && HasZero)
        {
            values[0] = zero;
        }

        var kept = new Dictionary<(int, int, int), bool>();
        for (var i = 0; i < bytes.Length; i++)
        {
            var block = (i / inputs / taps / Outputs, i / taps % inputs / 4, i % taps);
            if (!kept.TryGetValue(block, out var isKept))
            {
                kept.Add(block, isKept = random.NextDouble() < Density);
            }

            bytes[i] = unchecked(
                (byte)(
                    !isKept || (Zeros > 0 && random.NextDouble() < Zeros) ? zero
                    : Values > 0 ? values[random.Next(values.Length)]
                    : (sbyte)bytes[i]
                )
            );
        }

        return Tensor.FromBytes(weights.Type, bytes);
    }
}

/// <summary>One integer convolution as a model.</summary>
public sealed record ConvCase(
    int[] Spatial,
    int Channels,
    int Outputs,
    int[] Kernel,
    int[] Strides,
    int[] Dilations,
    int[] Pads,
    int Group = 1,
    int Batch = 1,
    bool SignedInput = false,
    bool SignedWeights = true,
    bool PerChannel = false,
    int InputZeroPoint = 128,
    int WeightZeroPoint = 0,
    int OutputZeroPoint = 100,
    bool Bias = true,
    float Multiplier = 0.0078125f,
    Extremes Extremes = Extremes.None,
    int Seed = 1,
    Compressed? Compressed = null
)
{
    public static ConvCase Square(int size, int channels, int outputs, int kernel, int stride = 1, int pad = 0, int group = 1) =>
        new([size, size], channels, outputs, [kernel, kernel], [stride, stride], [1, 1], [pad, pad, pad, pad], group);

    public OnnxModelBuilder Model()
    {
        var random = new Random(Seed);
        var model = new OnnxModelBuilder();
        var input = SignedInput ? ElementType.Int8 : ElementType.UInt8;
        var x = model.Input("x", input, [Batch, Channels, .. Spatial]);
        var scales = Int8Models.Scales(random, PerChannel ? Outputs : 1, Multiplier);
        var weights = Int8Models.Weights(random, SignedWeights, Extremes, [Outputs, Channels / Group, .. Kernel]);
        string?[] inputs =
        [
            x,
            model.Constant([], 1f),
            Int8Models.ZeroPoint(model, SignedInput, SignedInput ? InputZeroPoint - 128 : InputZeroPoint),
            model.Constant(Compressed?.Apply(weights, random, WeightZeroPoint) ?? weights),
            model.Constant(PerChannel ? [Outputs] : [], scales),
            model.Constant(
                Int8Models.Bytes(
                    SignedWeights,
                    PerChannel ? new TensorShape(Outputs) : TensorShape.Scalar,
                    Enumerable.Repeat(WeightZeroPoint, PerChannel ? Outputs : 1)
                )
            ),
            model.Constant([], 1f),
            Int8Models.ZeroPoint(model, SignedInput, SignedInput ? OutputZeroPoint - 128 : OutputZeroPoint),
            Bias ? model.Constant(Int8Models.Bias(random, Outputs)) : null,
        ];
        var y = model.Node(
            "QLinearConv",
            inputs,
            ("kernel_shape", Kernel),
            ("strides", Strides),
            ("dilations", Dilations),
            ("pads", Pads),
            ("group", Group)
        );
        return model.Output(y, input);
    }

    public void Check(
        IReadOnlyList<Target>? targets = null,
        Func<string, string>? transform = null,
        WeightChoice weights = WeightChoice.Fastest
    ) =>
        Differential.Check(
            Model(),
            Seed,
            inputs: Int8Models.Input(Extremes, SignedInput, Batch * Channels * Spatial.Aggregate(1, (p, s) => p * s)),
            targets: targets,
            transform: transform,
            weights: weights
        );
}

/// <summary>Pieces of quantised test models.</summary>
public static class Int8Models
{
    /// <summary>Multipliers that are sums of few powers of two make exact ties; thirds make near ones.</summary>
    public static Gen<float> Multipliers { get; } =
        Pick(1f / 256, 1f / 64, 3f / 512, 1f / 1024, 1f / 3, 1f / 300, 0.0123f, 5f / 4096, 1.5f);

    /// <summary>One of some values.</summary>
    public static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    public static float[] Scales(Random random, int count, float multiplier) =>
        [.. Enumerable.Range(0, count).Select(i => i == 0 ? multiplier : multiplier / (1 << random.Next(3)) * (1 + random.Next(2)))];

    public static string ZeroPoint(OnnxModelBuilder model, bool signed, int value) =>
        model.Constant(Bytes(signed, TensorShape.Scalar, [value]));

    public static Tensor Bytes(bool signed, TensorShape shape, IEnumerable<int> values) =>
        Tensor.FromBytes(
            new TensorType(signed ? ElementType.Int8 : ElementType.UInt8, shape),
            [.. values.Select(v => unchecked((byte)(signed ? (byte)Math.Clamp(v, -128, 127) : (byte)Math.Clamp(v, 0, 255))))]
        );

    public static Tensor Bias(Random random, int outputs) =>
        Tensor.From<int>(
            ElementType.Int32,
            new TensorShape(outputs),
            Enumerable.Range(0, outputs).Select(_ => random.Next(-5000, 5000)).ToArray()
        );

    public static Tensor Weights(Random random, bool signed, Extremes extremes, int[] shape)
    {
        var (low, high) = signed ? (-128, 127) : (0, 255);
        var type = new TensorShape(shape);
        return Bytes(
            signed,
            type,
            Enumerable
                .Range(0, type.Elements)
                .Select(_ =>
                    extremes switch
                    {
                        Extremes.Low => low,
                        Extremes.High => high,
                        Extremes.Random => random.Next(2) == 0 ? low : high,
                        _ => random.Next(low, high + 1),
                    }
                )
        );
    }

    /// <summary>Adds a square convolution with random weights, whose sums fill the range of bytes.</summary>
    public static string Convolution(
        OnnxModelBuilder model,
        Random random,
        string x,
        int channels,
        int outputs,
        int kernel,
        int group,
        int stride = 1,
        int? pad = null
    )
    {
        var border = pad ?? kernel / 2;
        string?[] inputs =
        [
            x,
            model.Constant([], 1f),
            ZeroPoint(model, false, 119),
            model.Constant(Weights(random, true, Extremes.None, [outputs, channels / group, kernel, kernel])),
            model.Constant([outputs], Scales(random, outputs, 1f / 64 / MathF.Sqrt(channels / group * kernel * kernel))),
            model.Constant(Bytes(true, new TensorShape(outputs), new int[outputs])),
            model.Constant([], 1f),
            ZeroPoint(model, false, 119),
            model.Constant(Bias(random, outputs)),
        ];
        return model.Node(
            "QLinearConv",
            inputs,
            ("kernel_shape", new[] { kernel, kernel }),
            ("strides", new[] { stride, stride }),
            ("pads", new[] { border, border, border, border }),
            ("group", group)
        );
    }

    /// <summary>Inputs for a model whose input is called x; null lets them be random.</summary>
    public static IReadOnlyDictionary<string, Array>? Input(Extremes extremes, bool signed, int elements)
    {
        if (extremes == Extremes.None)
        {
            return null;
        }

        var random = new Random(elements);
        var bytes = Enumerable.Range(0, elements).Select(_ => extremes == Extremes.Random && random.Next(2) == 0 ? 0 : 255);
        return new Dictionary<string, Array>
        {
            ["x"] = signed ? bytes.Select(b => (sbyte)(b - 128)).ToArray() : bytes.Select(b => (byte)b).ToArray(),
        };
    }
}
