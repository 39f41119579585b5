using CsCheck;
using ModelCompiler.Core.Tests.Kernels;
using ModelCompiler.Core.Tests.Ml;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Contrib;

public sealed class MatMulNBitsTests
{
    private const ElementType Float = ElementType.Float32;

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void Products_equal_onnxruntime(int bits) =>
        Gen.Select(
                Int8Models.Pick(16, 32, 64, 128),
                Gen.Int[1, 20],
                Gen.Int[1, 200],
                Gen.Int[1, 40],
                bits == 4 ? Int8Models.Pick("none", "packed", "float") : Int8Models.Pick("none", "packed"),
                Gen.Bool,
                Gen.Int[0, 1000]
            )
            .Sample(
                (block, rows, inner, columns, zeros, bias, seed) =>
                {
                    var model = new OnnxModelBuilder();
                    var a = model.Input("a", Float, 1, rows, inner);
                    var y = model.Microsoft(
                        "MatMulNBits",
                        [a, .. Weights(model, bits, block, inner, columns, zeros, bias, seed)],
                        Attributes(bits, block, inner, columns)
                    );
                    Differential.Check(model.Output(y, Float), seed, new(Absolute: 1e-4));
                },
                iter: 2
            );

    /// <summary>Two bits: only against a product of the same weights written out.</summary>
    [Fact]
    public void Weights_of_two_bits_equal_those_written_out()
    {
        const int Inner = 48;
        const int Columns = 5;
        var (codes, scales) = (new byte[Columns * 3 * 4], MlModel.Random(3, Columns * 3));
        new Random(4).NextBytes(codes);
        float Weight(int n, int k) => (((codes[(n * 12) + (k / 4)] >> (k % 4 * 2)) & 3) - 2) * scales[(n * 3) + (k / 16)];
        var model = new OnnxModelBuilder();
        var a = model.Input("a", Float, 2, Inner);
        var packed = Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(Columns, 3, 4)), codes);
        string[] inputs = [a, model.Constant(packed), model.Constant([Columns * 3], scales)];
        model.Output(model.Microsoft("MatMulNBits", inputs, Attributes(2, 16, Inner, Columns)), Float);
        var written = new OnnxModelBuilder();
        var product = written.Node(
            "MatMul",
            [
                written.Input("a", Float, 2, Inner),
                written.Constant([Inner, Columns], [.. Enumerable.Range(0, Inner * Columns).Select(i => Weight(i % Columns, i / Columns))]),
            ]
        );
        Reference.Check(model, written.Output(product, Float));
    }

    [Fact]
    public void Weights_that_do_not_fit_are_refused()
    {
        var model = new OnnxModelBuilder();
        var a = model.Input("a", Float, 3, 64);
        var weights = Weights(model, 4, 32, 64, 9, "none", false, 5);
        model.Output(model.Microsoft("MatMulNBits", [a, weights[0], weights[1]], Attributes(4, 32, 64, 1 << 27)), Float);
        Problems.AssertContains(model, "blocks of 32 elements were expected");
        var order = model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(64), new int[64]));
        model.Output(model.Microsoft("MatMulNBits", [a, weights[0], weights[1], null, order], Attributes(4, 32, 64, 9)), Float);
        Problems.AssertContains(model, "g_idx");
    }

    private static (string, object)[] Attributes(int bits, int block, int inner, int columns) =>
        [("K", inner), ("N", columns), ("bits", bits), ("block_size", block)];

    private static string?[] Weights(OnnxModelBuilder model, int bits, int block, int inner, int columns, string zeros, bool bias, int seed)
    {
        var blocks = (inner + block - 1) / block;
        var random = new Random(seed);
        string Bytes(params int[] shape)
        {
            var bytes = new byte[new TensorShape(shape).Elements];
            random.NextBytes(bytes);
            return model.Constant(Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(shape)), bytes));
        }

        string Floats(int count, int seed, float factor) =>
            model.Constant([count], [.. MlModel.Random(seed, count, 0).Select(f => f * factor)]);
        return
        [
            Bytes(columns, blocks, block * bits / 8),
            Floats(columns * blocks, seed, 2f / (1 << bits)),
            zeros == "packed" ? Bytes(columns * (((blocks * bits) + 7) / 8))
            : zeros == "float" ? model.Constant([columns, blocks], [.. MlModel.Random(seed + 1, columns * blocks, 0).Select(f => f * 15)])
            : null,
            null,
            bias ? Floats(columns, seed + 2, 1) : null,
        ];
    }
}
