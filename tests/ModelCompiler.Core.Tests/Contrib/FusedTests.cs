using ModelCompiler.Core.Tests.Quantised;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Contrib;

/// <summary>Operators of com.microsoft that fuse others.</summary>
public sealed class FusedTests
{
    private const ElementType Float = ElementType.Float32;

    [Fact]
    public void Gelus_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var (x, bias) = (model.Input("x", Float, 2, 3, 8), model.Input("b", Float, 8));
        model.Output(model.Microsoft("BiasGelu", [x, bias]), Float);
        model.Output(model.Microsoft("FastGelu", [x]), Float);
        model.Output(model.Microsoft("FastGelu", [x, bias]), Float);
        model.Output(model.Microsoft("QuickGelu", [x], ("alpha", 1.3f)), Float);
        model.Output(model.Microsoft("Gelu", [x]), Float);
        Differential.Check(model);
    }

    [Theory]
    [InlineData("SkipLayerNormalization", 3)]
    [InlineData("SkipLayerNormalization", 1)]
    [InlineData("SkipSimplifiedLayerNormalization", 3)]
    public void Normalisations_of_sums_equal_onnxruntime(string op, int skipRank)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", Float, 2, 3, 8);
        var skip = model.Input("skip", Float, skipRank == 3 ? [2, 3, 8] : [1, 3, 8]);
        var (gamma, beta, bias) = (model.Input("g", Float, 8), model.Input("b", Float, 8), model.Input("bias", Float, 8));
        var simplified = op.Contains("Simplified", StringComparison.Ordinal);
        string[] vectors = simplified ? [gamma, bias] : [gamma, beta, bias];
        var outputs = model.Node(op, "com.microsoft", [x, skip, .. vectors], [("epsilon", 1e-5f)], outputs: 4);
        model.Output(outputs[0], Float).Output(outputs[3], Float);
        model.Output(model.Microsoft(op, [x, skip, gamma]), Float);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Simplified_layer_normalisation_equals_onnxruntime(int axis)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", Float, 2, 3, 8);
        var scale = model.Input("s", Float, axis < 0 ? [8] : [3, 8]);
        model.Output(model.Node("SimplifiedLayerNormalization", [x, scale], ("axis", axis), ("epsilon", 0.1f)), Float);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Embeddings_equal_onnxruntime(bool segments)
    {
        var model = new OnnxModelBuilder();
        var words = model.Input("words", ElementType.Int32, 2, 4);
        string?[] inputs =
        [
            words,
            segments ? model.Input("segments", ElementType.Int32, 2, 4) : null,
            model.Input("wordTable", Float, 20, 8),
            model.Input("positionTable", Float, 6, 8),
            segments ? model.Input("segmentTable", Float, 3, 8) : null,
            model.Input("gamma", Float, 8),
            model.Input("beta", Float, 8),
            model.Input("mask", ElementType.Int32, 2, 4),
            .. segments ? Array.Empty<string>() : [model.Input("positions", ElementType.Int32, 2, 4)],
        ];
        var outputs = model.Node("EmbedLayerNormalization", "com.microsoft", inputs, [], outputs: 3);
        model.Output(outputs[0], Float).Output(outputs[1], ElementType.Int32).Output(outputs[2], Float);
        var given = new Dictionary<string, Array>
        {
            ["words"] = (int[])[3, 19, 0, 7, 7, 1, 2, 3],
            ["segments"] = (int[])[0, 1, 2, 0, 1, 2, 0, 1],
            ["mask"] = (int[])[1, 1, 1, 0, 1, 0, 0, 0],
            ["positions"] = (int[])[5, 4, 3, 0, 0, 1, 2, 3],
        };
        Differential.Check(model, inputs: given, targets: [Target.Auto]);
    }

    [Fact]
    public void Quantised_embeddings_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        string Table(int seed, params int[] shape)
        {
            var bytes = new byte[new TensorShape(shape).Elements];
            new Random(seed).NextBytes(bytes);
            return model.Constant(Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(shape)), bytes));
        }

        var (words, segments) = (model.Input("words", ElementType.Int32, 2, 4), model.Input("segments", ElementType.Int32, 2, 4));
        string[] tables = [Table(1, 20, 8), Table(2, 6, 8), Table(3, 3, 8), Table(4, 8), Table(5, 8)];
        string[] scales = [.. Enumerable.Range(1, 5).Select(i => model.Constant(Scales.Scale(0.01f * i)))];
        string[] zeros = [.. Enumerable.Range(1, 5).Select(i => model.Constant(Scales.Zero(ElementType.UInt8, 100 + i)))];
        string[] inputs = [words, segments, .. tables, model.Input("mask", ElementType.Int32, 2, 4), .. scales, .. zeros];
        var outputs = model.Node("QEmbedLayerNormalization", "com.microsoft", inputs, [], outputs: 2);
        model.Output(outputs[0], Float).Output(outputs[1], ElementType.Int32);
        var given = new Dictionary<string, Array>
        {
            ["words"] = (int[])[3, 19, 0, 7, 7, 1, 2, 3],
            ["segments"] = (int[])[0, 1, 2, 0, 1, 2, 0, 1],
            ["mask"] = (int[])[1, 1, 1, 0, 1, 0, 0, 0],
        };
        Differential.Check(model, inputs: given, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData("Relu", null, null)]
    [InlineData("LeakyRelu", 0.2f, null)]
    [InlineData("HardSigmoid", 0.3f, 0.4f)]
    [InlineData("Tanh", null, null)]
    [InlineData("Elu", 0.7f, null)]
    public void Gemm_with_activation_equals_onnxruntime(string activation, float? alpha, float? beta)
    {
        var model = new OnnxModelBuilder();
        var (a, b, c) = (model.Input("a", Float, 3, 5), model.Input("b", Float, 7, 5), model.Input("c", Float, 7));
        var attributes = new List<(string, object)> { ("activation", activation), ("transB", 1), ("alpha", 0.5f), ("beta", 2f) };
        if (alpha is { } first)
        {
            attributes.Add(("activation_alpha", first));
        }

        if (beta is { } second)
        {
            attributes.Add(("activation_beta", second));
        }

        model.Output(model.Microsoft("FusedGemm", [a, b, c], [.. attributes]), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(0, 0, 1, 0)]
    [InlineData(1, 0, 1, 0)]
    [InlineData(0, 1, 0, 1)]
    [InlineData(1, 1, 1, 1)]
    public void Matrix_products_with_moved_batches_equal_onnxruntime(int transA, int transB, int batchA, int batchB)
    {
        // a is [2, 3, 4, 5] and b [2, 3, 5, 6] once all is moved back.
        int[] Moved(int[] shape, int swap, int batch)
        {
            int[] matrix = swap == 1 ? [shape[3], shape[2]] : [shape[2], shape[3]];
            return batch == 1 ? [matrix[0], shape[0], shape[1], matrix[1]] : [shape[0], shape[1], .. matrix];
        }

        var model = new OnnxModelBuilder();
        var a = model.Input("a", Float, Moved([2, 3, 4, 5], transA, batchA));
        var b = model.Input("b", Float, Moved([2, 3, 5, 6], transB, batchB));
        (string, object)[] attributes =
        [
            ("transA", transA),
            ("transB", transB),
            ("transBatchA", batchA),
            ("transBatchB", batchB),
            ("alpha", 0.5f),
        ];
        model.Output(model.Microsoft("FusedMatMul", [a, b], attributes), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Products_of_transposed_matrices_and_ranges_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        string[] inputs = [model.Input("a", Float, 2, 5, 4), model.Input("b", Float, 6, 5)];
        model.Output(model.Microsoft("TransposeMatMul", inputs, ("transA", 1), ("transB", 1), ("alpha", 0.5f)), Float);
        string[] numbers = [model.Constant([], 1.5f), model.Constant([], 6f), model.Constant([], 0.75f)];
        model.Output(model.Node("Mul", [model.Input("x", Float, 6), model.Microsoft("Range", numbers)]), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData("Relu", true)]
    [InlineData("LeakyRelu", false, 0.2f)]
    [InlineData("Clip", true, -0.5f, 2f)]
    [InlineData("HardSigmoid", false, 0.3f, 0.4f)]
    public void Fused_convolutions_equal_onnxruntime(string activation, bool sum, params float[] parameters)
    {
        (string, object)[] attributes =
        [
            ("activation", activation),
            ("pads", (long[])[1, 1, 1, 1]),
            ("strides", (long[])[2, 1]),
            .. parameters.Length > 0 ? [("activation_params", parameters)] : Array.Empty<(string, object)>(),
        ];
        var model = new OnnxModelBuilder();
        string[] rest = Rest(model);
        string[] added = sum ? [model.Input("z", Float, 2, 6, 3, 7)] : [];
        model.Output(model.Microsoft("FusedConv", [model.Input("x", Float, 2, 4, 5, 7), .. rest, .. added], attributes), Float);
        Differential.Check(model, targets: [Target.Auto]);

        // With channels last there is one for other devices only.
        var (last, first) = (new OnnxModelBuilder(), new OnnxModelBuilder());
        string[] inputs = [last.Input("x", Float, 2, 5, 7, 4), .. Rest(last), .. sum ? [last.Input("z", Float, 2, 3, 7, 6)] : (string[])[]];
        last.Output(last.Microsoft("NhwcFusedConv", inputs, attributes), Float);
        string Planar(string name, params int[] shape) =>
            first.Node("Transpose", [first.Input(name, Float, shape)], ("perm", (long[])[0, 3, 1, 2]));
        string[] planar = [Planar("x", 2, 5, 7, 4), .. Rest(first), .. sum ? [Planar("z", 2, 3, 7, 6)] : (string[])[]];
        first.Output(first.Node("Transpose", [first.Microsoft("FusedConv", planar, attributes)], ("perm", (long[])[0, 2, 3, 1])), Float);
        Reference.Check(last, first);

        static string[] Rest(OnnxModelBuilder to) => [to.Input("w", Float, 6, 4, 3, 3), to.Input("bias", Float, 6)];
    }

    [Theory]
    [InlineData(Float)]
    [InlineData(ElementType.Float64)]
    public void Inverses_distances_and_windows_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder();
        var (a, b) = (model.Input("a", element, 4, 5), model.Input("b", element, 3, 5));
        model.Output(model.Microsoft("Inverse", [model.Input("m", element, 2, 3, 3)]), element);
        model.Output(model.Microsoft("CDist", [a, b], ("metric", "euclidean")), element);
        model.Output(model.Microsoft("CDist", [a, b], ("metric", "sqeuclidean")), element);
        model.Output(model.Microsoft("UnfoldTensor", [a], ("dim", -1), ("size", 3), ("step", 2)), element);
        double[] matrices = [0, 2, 1, 3, 0, -1, 1, 1, 1, 4, 1, 0, 1, 3, 1, 0, 2, 5];
        Array given = element == Float ? matrices.Select(v => (float)v).ToArray() : matrices;
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["m"] = given }, targets: [Target.Auto]);
    }

    [Fact]
    public void Former_experiments_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder(7);
        var x = model.Input("x", Float, 2, 3, 4, 5);
        model.Output(model.Node("Affine", [x], ("alpha", 2f), ("beta", 0.5f)), Float);
        model.Output(model.Node("ScaledTanh", [x], ("alpha", 2f), ("beta", 0.5f)), Float);
        model.Output(model.Node("ParametricSoftplus", [x], ("alpha", 2f), ("beta", 0.5f)), Float);
        model.Output(model.Node("Scale", [x], ("scale", 3f)), Float);
        model.Output(model.Node("ImageScaler", [x], ("scale", 3f), ("bias", (float[])[1, 2, 3])), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int8)]
    public void Quantised_choices_and_pools_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder();
        string[] Grid(float scale, int zero) => [model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(element, zero))];
        var condition = model.Input("c", ElementType.Bool, 3, 1);
        var (x, y) = (model.Input("x", element, 3, 70), model.Input("y", element, 70));
        string[] inputs = [condition, x, .. Grid(0.02f, 3), y, .. Grid(0.03f, 90), .. Grid(0.025f, 7)];
        model.Output(model.Microsoft("QLinearWhere", inputs), element);
        var image = model.Input("image", element, 1, 5, 6, 16);
        (string, object)[] window = [("kernel_shape", (long[])[3, 2]), ("strides", (long[])[2, 1]), ("pads", (long[])[1, 0, 1, 1])];
        model.Output(model.Microsoft("NhwcMaxPool", [image], window), element);
        Differential.Check(model, targets: Scales.BothStorages);
    }

    [Theory]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int8)]
    public void Quantised_convolutions_with_channels_last_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder();
        string[] Grid(ElementType type, float scale, int zero) =>
            [model.Constant(Scales.Scale(scale)), model.Constant(Scales.Zero(type, zero))];
        var bytes = new byte[8 * 5 * 3 * 3];
        new Random(3).NextBytes(bytes);
        var weights = model.Constant(Tensor.FromBytes(new TensorType(ElementType.Int8, new TensorShape(8, 5, 3, 3)), bytes));
        var image = model.Input("image", element, 1, 6, 7, 5);
        string[] inputs = [image, .. Grid(element, 0.02f, 3), weights, .. Grid(ElementType.Int8, 0.01f, 0), .. Grid(element, 1.3f, 7)];
        model.Output(model.Microsoft("QLinearConv", inputs, ("channels_last", 1), ("pads", (long[])[1, 1, 1, 1])), element);
        Differential.Check(model, targets: Scales.BothStorages);
    }

    [Theory]
    [InlineData(ElementType.UInt16)]
    [InlineData(ElementType.Int16)]
    public void Quantising_to_16_bits_equals_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", Float, 3, 40);
        string[] grid = [model.Constant(Scales.Scale(0.0001f)), model.Constant(Tensor.From<short>(element, TensorShape.Scalar, [300]))];
        var q = model.Microsoft("QuantizeLinear", [x, .. grid]);
        model.Output(q, element);
        model.Output(model.Microsoft("DequantizeLinear", [q, .. grid]), Float);
        model.Output(
            model.Microsoft("MatMulInteger16", [model.Input("a", ElementType.Int16, 3, 4), model.Input("b", ElementType.Int16, 4, 5)]),
            ElementType.Int32
        );
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Theory]
    [InlineData(ElementType.UInt16, ElementType.UInt16, ElementType.UInt32)]
    [InlineData(ElementType.UInt16, ElementType.Int16, ElementType.Int32)]
    public void Products_of_16_bits_have_a_sign_where_a_factor_has_one(ElementType a, ElementType b, ElementType product)
    {
        var (model, reference) = (new OnnxModelBuilder(), new OnnxModelBuilder());
        model.Output(model.Microsoft("MatMulInteger16", Inputs(model)), product);
        string[] wide = [.. Inputs(reference).Select(i => reference.Node("Cast", [i], ("to", (int)product)))];
        reference.Output(reference.Node("MatMul", wide), product);
        var largest = Enumerable.Repeat((ushort)50000, 12).ToArray();
        Reference.Check(model, reference, inputs: new Dictionary<string, Array> { ["a"] = largest });

        string[] Inputs(OnnxModelBuilder builder) => [builder.Input("a", a, 3, 4), builder.Input("b", b, 4, 5)];
    }

    [Theory]
    [InlineData(ElementType.Int8, ElementType.Int16)]
    [InlineData(ElementType.Int16, ElementType.Int32)]
    [InlineData(ElementType.Float32, ElementType.Float32)]
    public void Products_of_16_bits_of_other_types_are_refused(ElementType a, ElementType b)
    {
        var model = new OnnxModelBuilder();
        string[] inputs = [model.Input("a", a, 3, 4), model.Input("b", b, 4, 5)];
        model.Output(model.Microsoft("MatMulInteger16", inputs), ElementType.Int32);
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
        Assert.Contains(
            compiled.Problems,
            p => p.Kind.Code == "MC0005" && p.Message.Contains("integers of 16 bits were expected", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("bilinear", "zeros")]
    [InlineData("nearest", "border")]
    [InlineData("bicubic", "reflection")]
    public void Operators_that_moved_to_onnx_equal_onnxruntime(string mode, string padding)
    {
        var model = new OnnxModelBuilder();
        var (x, grid) = (model.Input("x", Float, 1, 2, 5, 6), model.Input("grid", Float, 1, 3, 4, 2));
        model.Output(model.Microsoft("GridSample", [x, grid], ("mode", mode), ("padding_mode", padding)), Float);
        var m = model.Input("m", Float, 4, 5);
        string Number(long value) => model.Constant(Tensor.Longs(value).Reshape(TensorShape.Scalar));
        model.Output(model.Microsoft("Trilu", [m, Number(1)], ("upper", 0)), Float);
        var pads = model.Constant(Tensor.Longs(1, 0, 2, 1));
        model.Output(model.Microsoft("Pad", [m, pads, model.Constant([1], 3f)], ("mode", "constant")), Float);
        var places = model.Constant(Tensor.Longs(1, 3, 0, 0).Reshape(new TensorShape(2, 2)));
        model.Output(model.Microsoft("GatherND", [m, places]), Float);
        var axis = model.Constant(Tensor.From<int>(ElementType.Int32, TensorShape.Scalar, [-1]));
        model.Output(model.Microsoft("ExpandDims", [m, axis]), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Normalised_sums_of_rank_2_equal_onnxruntime()
    {
        var model = new OnnxModelBuilder();
        var (x, skip, gamma) = (model.Input("x", Float, 6, 8), model.Input("s", Float, 6, 8), model.Input("g", Float, 8));
        model.Output(model.Microsoft("SkipLayerNormalization", [x, skip, gamma]), Float);
        model.Output(model.Microsoft("SkipSimplifiedLayerNormalization", [x, skip, gamma]), Float);
        Differential.Check(model, targets: [Target.Auto]);
    }

    [Fact]
    public void Halves_are_computed_in_float32()
    {
        const ElementType Short = ElementType.Float16;
        var model = new OnnxModelBuilder();
        var (x, skip, gamma) = (model.Input("x", Short, 2, 3, 8), model.Input("s", Short, 2, 3, 8), model.Input("g", Short, 8));
        model.Output(model.Microsoft("SkipLayerNormalization", [x, skip, gamma, gamma]), Short);
        model.Output(model.Microsoft("SkipSimplifiedLayerNormalization", [x, skip, gamma]), Short);
        var bytes = new byte[4 * 16];
        new Random(2).NextBytes(bytes);
        var codes = model.Constant(Tensor.FromBytes(new TensorType(ElementType.UInt8, new TensorShape(4, 1, 16)), bytes));
        var steps = model.Constant(Tensor.From<Half>(ElementType.Float16, new TensorShape(4), [.. Enumerable.Repeat((Half)0.02f, 4)]));
        (string, object)[] attributes = [("K", 32), ("N", 4), ("bits", 4), ("block_size", 32)];
        model.Output(model.Microsoft("MatMulNBits", [model.Input("a", Short, 3, 32), codes, steps], attributes), Short);
        Differential.Check(model, tolerance: new(Relative: 2e-3, Absolute: 4e-3), targets: [Target.Auto]);
    }
}
