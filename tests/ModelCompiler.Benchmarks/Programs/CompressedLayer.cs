using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>A quantised layer of random weights, of which compression has left blocks or values.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Size">Height and width of the image; 1 makes it a matrix times a vector.</param>
/// <param name="Inputs">Input channels.</param>
/// <param name="Outputs">Output channels.</param>
internal sealed record CompressedLayer(string Name, int Size, int Inputs, int Outputs)
{
    /// <summary>Part of the blocks of weights that is zero.</summary>
    public double Zeros { get; init; }

    /// <summary>Output channels of a block, which has 4 inputs.</summary>
    public int BlockOutputs { get; init; } = 16;

    /// <summary>Part of the weights that is zero wherever they stand; the layer is then packed in the fewest bytes.</summary>
    public double ScatteredZeros { get; init; }

    /// <summary>How many values the weights have; 0 for any.</summary>
    public int Values { get; init; }

    /// <summary>All that are measured.</summary>
    public static IReadOnlyList<CompressedLayer> All { get; } =
    [
        Pointwise("80 % of blocks zero") with
        {
            Zeros = 0.8,
        },
        Pointwise("50 % of blocks zero") with
        {
            Zeros = 0.5,
        },
        Pointwise("80 % of blocks zero") with
        {
            Zeros = 0.8,
            BlockOutputs = 8,
        },
        Pointwise("50 % of blocks zero") with
        {
            Zeros = 0.5,
            BlockOutputs = 8,
        },
        Pointwise("16 values") with
        {
            Values = 16,
        },
        Pointwise("16 values, 80 % of blocks zero") with
        {
            Values = 16,
            Zeros = 0.8,
        },
        Vector(128) with
        {
            Values = 16,
        },
        Vector(512) with
        {
            Values = 16,
        },
        Vector(2048) with
        {
            Values = 16,
        },
        Vector(512) with
        {
            Name = "matrix × vector, 80 % of blocks zero",
            Zeros = 0.8,
        },
        new("matrix × vector, 93 % scattered zeros, 32 values", 1, 784, 300) { ScatteredZeros = 0.93, Values = 32 },
        Pointwise("93 % scattered zeros, 32 values") with
        {
            ScatteredZeros = 0.93,
            Values = 32,
        },
    ];

    /// <summary>The same layer with all of its weights.</summary>
    public CompressedLayer Dense => this with { Zeros = 0, ScatteredZeros = 0, Values = 0 };

    /// <summary>What its weights are to be.</summary>
    public WeightChoice Packing => ScatteredZeros > 0 ? WeightChoice.Smallest : WeightChoice.Fastest;

    /// <summary>The ONNX file.</summary>
    public byte[] Model()
    {
        var random = new Random(1);
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.UInt8, 1, Inputs, Size, Size);
        var one = model.Constant([], 1f);
        var zero = model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [128]));
        var y = model.Node(
            "QLinearConv",
            [
                x,
                one,
                zero,
                model.Constant(Weights(random)),
                model.Constant([], 1 / (73f * MathF.Sqrt(Inputs))),
                model.Constant(Tensor.From<sbyte>(ElementType.Int8, TensorShape.Scalar, [0])),
                one,
                zero,
            ],
            ("kernel_shape", new[] { 1, 1 })
        );
        return model.Output(y, ElementType.UInt8).ToBytes();
    }

    private Tensor Weights(Random random)
    {
        var shape = new TensorShape(Outputs, Inputs, 1, 1);
        if (ScatteredZeros > 0)
        {
            return Tensor.From<sbyte>(
                ElementType.Int8,
                shape,
                PrunedNetworks.Weights(random, Outputs * Inputs, 1 - ScatteredZeros, Values)
            );
        }

        var values = Enumerable.Range(-128, 256).OrderBy(_ => random.Next()).Take(Values == 0 ? 256 : Values).ToArray();
        var blocksOfRow = (Inputs + 3) / 4;
        var zero = Enumerable.Range(0, (Outputs + BlockOutputs - 1) / BlockOutputs * blocksOfRow).Select(_ => random.NextDouble() < Zeros);
        var isZero = zero.ToArray();
        // Where blocks are zero, zero is one of the values.
        values[0] = Zeros > 0 ? 0 : values[0];
        var weights = Enumerable
            .Range(0, Outputs * Inputs)
            .Select(i => isZero[(i / Inputs / BlockOutputs * blocksOfRow) + (i % Inputs / 4)] ? 0 : values[random.Next(values.Length)]);
        return Tensor.From<sbyte>(ElementType.Int8, shape, [.. weights.Select(w => (sbyte)w)]);
    }

    private static CompressedLayer Pointwise(string name) => new("pointwise 14×14, " + name, 14, 256, 256);

    private static CompressedLayer Vector(int size) => new("matrix × vector, 16 values", 1, size, size);
}
