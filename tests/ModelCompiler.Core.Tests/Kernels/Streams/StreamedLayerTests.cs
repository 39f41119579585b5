using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Kernels.Streams;

/// <summary>Layers whose weights are streams give the same results to the bit, and say what they are.</summary>
public sealed class StreamedLayerTests
{
    private static readonly Gen<Compressed> Scattered =
        from zeros in Int8Models.Pick(0.3, 0.8, 0.93, 0.99, 1)
        from values in Int8Models.Pick(0, 2, 5, 17, 32)
        select new Compressed(1, 16, values) { Zeros = zeros };

    private static readonly Gen<ConvCase> Layers =
        from signedInput in Gen.Bool
        from signedWeights in Gen.Bool
        from perChannel in Gen.Bool
        from bias in Gen.Bool
        from inputZero in Int8Models.Pick(0, 128, 77, 255)
        from multiplier in Int8Models.Multipliers
        from compressed in Scattered
        from seed in Gen.Int[0, 1000]
        select new ConvCase(
            [1, 1],
            1,
            1,
            [1, 1],
            [1, 1],
            [1, 1],
            [0, 0, 0, 0],
            SignedInput: signedInput,
            SignedWeights: signedInput || signedWeights,
            PerChannel: perChannel,
            InputZeroPoint: inputZero,
            WeightZeroPoint: signedInput || signedWeights ? 0 : 128,
            Bias: bias,
            Multiplier: multiplier,
            Seed: seed,
            Compressed: compressed
        );

    [Fact]
    public void A_matrix_times_a_vector_equals_onnxruntime_on_every_target() =>
        (
            from layer in Layers
            from channels in Gen.Int[50, 300]
            from outputs in Gen.Int[30, 150]
            select layer with
            {
                Channels = channels,
                Outputs = outputs,
            }
        ).Sample(c => c.Check(weights: WeightChoice.Smallest), iter: 6, threads: 1);

    [Fact]
    public void A_convolution_equals_onnxruntime_on_every_target() =>
        (
            from layer in Layers
            from spatial in Gen.Int[5, 9].Array[2]
            from kernel in Gen.Int[2, 3].Array[2]
            from strides in Gen.Int[1, 2].Array[2]
            from dilation in Gen.Int[1, 2]
            from pads in Gen.Int[0, 1].Array[4]
            from @group in Int8Models.Pick(1, 1, 2)
            from batch in Gen.Int[1, 2]
            from channels in Gen.Int[16, 40]
            from outputs in Gen.Int[16, 40]
            select layer with
            {
                Spatial = spatial,
                Kernel = kernel,
                Strides = strides,
                Dilations = [dilation, dilation],
                Pads = pads,
                Group = @group,
                Batch = batch,
                Channels = channels * @group,
                Outputs = outputs * @group,
            }
        ).Sample(c => c.Check(weights: WeightChoice.Smallest), iter: 5, threads: 1);

    [Fact]
    public void A_depthwise_convolution_equals_onnxruntime_on_every_target()
    {
        var layer = ConvCase.Square(6, 320, 320, 3, 1, 1, 320) with { Compressed = new(1, 16, 17) { Zeros = 0.9 } };
        var kernel = Description(layer.Model()).Layers.Single(l => l.Macs > 0).Kernel;
        Assert.Contains("depthwise", kernel, StringComparison.Ordinal);
        Assert.Contains("unpacked", kernel, StringComparison.Ordinal);
        layer.Check(weights: WeightChoice.Smallest);
        (layer with { Strides = [2, 2], Seed = 2 }).Check(Targets.OfEachWidth, weights: WeightChoice.Smallest);
    }

    [Theory]
    [InlineData("x64-avxvnni")]
    [InlineData("arm64-dotprod")]
    [InlineData("arm64")]
    public void Code_for_a_missing_instruction_set_equals_onnxruntime(string target)
    {
        ConvCase[] cases =
        [
            ConvCase.Square(1, 300, 100, 1) with
            {
                SignedInput = true,
                Compressed = new() { Zeros = 0.9 },
            },
            ConvCase.Square(5, 37, 40, 3, 1, 1) with
            {
                Compressed = new(1, 16, 30) { Zeros = 0.9 },
            },
        ];
        foreach (var @case in cases)
        {
            @case.Check([Target.Find(target)!], SoftwareIntrinsics.Substitute, WeightChoice.Smallest);
        }
    }

    [Theory]
    [InlineData("Gemm", 1, "from a stream of weights, stream of")]
    [InlineData("Gemm", 5, "weights unpacked before each call, stream of")]
    [InlineData("MatMul", 1, "from a stream of weights, stream of")]
    [InlineData("MatMul", 7, "weights unpacked before each call, stream of")]
    public void Clustered_and_pruned_products_are_streams_and_equal_onnxruntime(string op, int rows, string kernel)
    {
        var model = Product(op, rows);
        var layer = Description(model).Layers.MaxBy(l => l.Macs)!;
        Assert.Contains(kernel, layer.Kernel, StringComparison.Ordinal);
        Assert.InRange(layer.WeightBytes, 1, 120 * 90 * 0.2);
        Differential.Check(model, weights: WeightChoice.Smallest);
    }

    [Fact]
    public void A_product_of_sums_as_output_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var weights = new Compressed { Zeros = 0.9 }.Apply(
            Int8Models.Weights(new Random(1), true, Extremes.None, [80, 100]),
            new Random(1),
            0
        );
        var zero = Int8Models.ZeroPoint(model, false, 17);
        var y = model.Node("MatMulInteger", [model.Input("x", ElementType.UInt8, 1, 80), model.Constant(weights), zero]);
        model.Output(y, ElementType.Int32);
        Assert.Contains("stream", Description(model).Layers.MaxBy(l => l.Macs)!.Kernel, StringComparison.Ordinal);
        Differential.Check(model, weights: WeightChoice.Smallest);
    }

    [Fact]
    public void Sizes_at_run_time_share_streams()
    {
        var model = new OnnxModelBuilder();
        var x = model.SymbolicInput("x", ElementType.UInt8, "time", "120");
        model.Proto.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 120;
        model.Output(Layer(model, "MatMul", x, 120, 90, bias: false), ElementType.UInt8);
        Differential.CheckSizes(
            model,
            ["time=1..6"],
            [
                [1],
                [2],
                [6],
            ],
            weights: WeightChoice.Smallest
        );
    }

    [Fact]
    public void No_layer_is_a_stream_where_it_saves_nothing_or_speed_is_wanted()
    {
        var dense = ConvCase.Square(1, 300, 100, 1).Model();
        Assert.DoesNotContain("stream", Description(dense).Layers.MaxBy(l => l.Macs)!.Kernel, StringComparison.Ordinal);
        var few = ConvCase.Square(1, 30, 20, 1) with { Compressed = new() { Zeros = 0.9 } };
        Assert.DoesNotContain("stream", Description(few.Model()).Layers.MaxBy(l => l.Macs)!.Kernel, StringComparison.Ordinal);
        var sparse = Description(Product("Gemm", 1), WeightChoice.Fastest);
        Assert.DoesNotContain("stream", sparse.Layers.MaxBy(l => l.Macs)!.Kernel, StringComparison.Ordinal);
    }

    [Fact]
    public void The_smallest_form_is_never_larger_than_the_fastest()
    {
        Compressed[] all = [new(0.2), new(0.2, 8), new(1, 16, 16), new(0.3, 16, 9), new() { Zeros = 0.6 }, new()];
        foreach (var compressed in all)
        {
            var model = (ConvCase.Square(4, 128, 96, 1) with { Compressed = compressed }).Model();
            var (smallest, fastest) = (Description(model), Description(model, WeightChoice.Fastest));
            Assert.InRange(smallest.WeightBytes, 1, fastest.WeightBytes);
        }
    }

    private static OnnxModelBuilder Product(string op, int rows)
    {
        var model = new OnnxModelBuilder(21);
        var y = Layer(model, op, model.Input("x", ElementType.UInt8, rows, 120), 120, 90, bias: op == "Gemm");
        return model.Output(y, ElementType.UInt8);
    }

    /// <summary>Weights as cluster and quantize write them: a Gather from a code book, of which most are zero.</summary>
    private static string Layer(OnnxModelBuilder model, string op, string x, int inputs, int outputs, bool bias)
    {
        var random = new Random(1);
        sbyte[] book = [0, .. Enumerable.Range(1, 31).Select(i => (sbyte)((i * 8) - 128))];
        int[] indices = [.. Enumerable.Range(0, inputs * outputs).Select(_ => random.Next(10) == 0 ? random.Next(book.Length) : 0)];
        var values = model.Node(
            "Gather",
            [
                model.Constant(Tensor.From<sbyte>(ElementType.Int8, new TensorShape(book.Length), book)),
                model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(inputs, outputs), indices)),
            ]
        );
        var (scale, wide) = (model.Constant([], 1f / 32), model.Constant([], 1f / 2));
        var zero = model.Constant(Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [100]));
        var signed = model.Constant(Tensor.From<sbyte>(ElementType.Int8, TensorShape.Scalar, [0]));
        var input = model.Node("DequantizeLinear", [x, scale, zero]);
        var weights = model.Node("DequantizeLinear", [values, model.Constant([], 1f / 64), signed]);
        var biases = bias
            ? model.Node("DequantizeLinear", [model.Constant(Int8Models.Bias(random, outputs)), model.Constant([], 1f / 2048)])
            : null;
        string?[] operands = bias ? [input, weights, biases] : [input, weights];
        return model.Node("QuantizeLinear", [model.Node(op, operands), wide, zero]);
    }

    private static ModelDescription Description(OnnxModelBuilder model, WeightChoice weights = WeightChoice.Smallest)
    {
        var source = new ModelSource("test.onnx", model.ToBytes(), _ => null);
        return ModelCompilation.Plan(source, new CompileOptions { ClassName = "Test", Weights = weights }).Description!;
    }
}
