using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Fourier transforms and what front ends of speech models make of them.</summary>
public sealed class SignalTests
{
    // Lengths with every kind of factor: none, 2, 4, odd ones, a prime.
    private static readonly Gen<int> Lengths = Gen.OneOf(new[] { 1, 2, 3, 4, 6, 8, 12, 15, 16, 23, 32, 60 }.Select(Gen.Const).ToArray());

    // Float32 transforms whose length is no power of two ONNX Runtime computes in a way that loses digits; Float64 ones have enough left.
    private static readonly Differential.Tolerance Rounding = new(1e-4, 5e-4);

    private static readonly Differential.Tolerance Double = new(1e-7, 1e-7);

    [Fact]
    public void Transforms_equal_onnxruntime() =>
        Gen.Select(Gen.Bool, Lengths, Gen.Int[0, 2], Gen.Int[0, 4], Gen.Bool, Gen.Bool)
            .Sample(
                (isDouble, points, axis, change, isInverse, isComplex) =>
                {
                    var type = isDouble ? ElementType.Float64 : ElementType.Float32;
                    var shape = new[] { 2, 2, 3, isComplex ? 2 : 1 };
                    shape[axis] = points;
                    var model = new OnnxModelBuilder(20);
                    var length =
                        change > 2 ? model.Constant(Tensor.Longs(Math.Max(points + change - 3, 1)).Reshape(TensorShape.Scalar)) : null;
                    var along = model.Constant(Tensor.Longs(axis - (change == 1 ? 4 : 0)).Reshape(TensorShape.Scalar));
                    (string, object)[] attributes =
                    [
                        ("inverse", isInverse ? 1 : 0),
                        ("onesided", !isInverse && !isComplex && points % 2 == 0 ? 1 : 0),
                    ];
                    model.Output(model.Node("DFT", [model.Input("x", type, shape), length, along], attributes), type);
                    Differential.Check(model, tolerance: isDouble ? Double : Rounding, targets: [Target.Auto]);
                },
                iter: 8
            );

    [Fact]
    public void The_axis_was_an_attribute_and_counts_from_the_batch()
    {
        var model = new OnnxModelBuilder(17);
        var x = model.Input("x", ElementType.Float32, 2, 10, 3, 1);
        model.Output(model.Node("DFT", [x]), ElementType.Float32);
        model.Output(model.Node("DFT", [x], ("axis", 2), ("onesided", 1)), ElementType.Float32);
        Differential.Check(model, tolerance: Rounding);
    }

    /// <summary>A real signal comes back from its half spectrum, whatever its length.</summary>
    [Theory]
    [InlineData(9)]
    [InlineData(16)]
    public void A_half_spectrum_gives_its_signal(int length)
    {
        var model = new OnnxModelBuilder(20);
        var x = model.Input("x", ElementType.Float32, 2, length, 1);
        var points = model.Constant(Tensor.Longs(length).Reshape(TensorShape.Scalar));
        var half = model.Node("DFT", [x], ("onesided", 1));
        var back = model.Node("DFT", [half, points], ("onesided", 1), ("inverse", 1));
        var same = new OnnxModelBuilder(20);
        same.Output(same.Node("Identity", [same.Input("x", ElementType.Float32, 2, length, 1)]), ElementType.Float32);
        Reference.Check(model.Output(back, ElementType.Float32), same, tolerance: Rounding);
    }

    [Theory]
    [InlineData(24, 5, true, 1)]
    [InlineData(16, 16, false, 0)]
    public void Short_time_transforms_equal_onnxruntime(int length, int step, bool hasWindow, int oneSided)
    {
        var model = new OnnxModelBuilder(17);
        string?[] inputs =
        [
            model.Input("signal", ElementType.Float32, 2, 60, 1),
            model.Constant(Tensor.Longs(step).Reshape(TensorShape.Scalar)),
            hasWindow ? model.Input("window", ElementType.Float32, length) : null,
            model.Constant(Tensor.Longs(length).Reshape(TensorShape.Scalar)),
        ];
        model.Output(model.Node("STFT", inputs, ("onesided", oneSided)), ElementType.Float32);
        Differential.Check(model, tolerance: Rounding);
    }

    [Theory]
    [InlineData(8, 64, 8192, 0, 4096)]
    [InlineData(40, 512, 16000, 20, 7600)]
    [InlineData(30, 67, 16000, 0, 7600)]
    public void Mel_weights_equal_onnxruntime(int bands, int length, int rate, float low, float high)
    {
        var model = new OnnxModelBuilder(17);
        string[] inputs = [Long(bands), Long(length), Long(rate), model.Constant([], low), model.Constant([], high)];
        var mel = model.Node("MelWeightMatrix", inputs);
        var x = model.Input("x", ElementType.Float32, 2, (length / 2) + 1);
        Differential.Check(model.Output(model.Node("MatMul", [x, mel]), ElementType.Float32));

        string Long(long value) => model.Constant(Tensor.Longs(value).Reshape(TensorShape.Scalar));
    }

    [Theory]
    [InlineData("DFT", 0)]
    [InlineData("DFT", 1L << 40)]
    [InlineData("STFT", 0)]
    [InlineData("STFT", 1L << 40)]
    public void Lengths_that_make_no_sense_are_refused(string op, long length)
    {
        var model = new OnnxModelBuilder(17);
        var number = model.Constant(Tensor.Longs(length).Reshape(TensorShape.Scalar));
        var x = model.Input("x", ElementType.Float32, 1, 8, 1);
        model.Output(model.Node(op, op == "DFT" ? [x, number] : [x, number, null, number]), ElementType.Float32);
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
        Assert.Contains(compiled.Problems, p => p.Kind.Code is "MC0004" or "MC0005");
    }
}
