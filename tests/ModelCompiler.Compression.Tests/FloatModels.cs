using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests;

/// <summary>Small float networks of the kinds that people compress, with random weights.</summary>
internal sealed class FloatModels(int seed, int opset = 17)
{
    private readonly Random _random = new(seed);

    public OnnxModelBuilder Builder { get; } = new(opset);

    /// <summary>The model as compressing methods take it.</summary>
    public static ModelSource Source(byte[] model) => new("model.onnx", model, _ => null);

    public ModelSource Source() => Source(Builder.ToBytes());

    /// <summary>Inverted residuals with depthwise convolutions, as in MobileNetV2.</summary>
    public static FloatModels MobileNet(int seed = 1)
    {
        var m = new FloatModels(seed);
        var x = m.Relu6(m.Normalised(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 3, 8, 8), 3, 8, 3), 8));
        var expanded = m.Relu6(m.Normalised(m.Conv(x, 8, 16, 1), 16));
        expanded = m.Relu6(m.Normalised(m.Conv(expanded, 16, 16, 3, groups: 16), 16));
        x = m.Builder.Node("Add", [x, m.Normalised(m.Conv(expanded, 16, 8, 1), 8)]);
        return m.Classifier(m.Relu6(m.Conv(x, 8, 12, 1)), 12);
    }

    /// <summary>Two basic blocks, one with a projection, as in ResNet.</summary>
    public static FloatModels ResNet(int seed = 1)
    {
        var m = new FloatModels(seed);
        var x = m.Relu(m.Normalised(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 3, 8, 8), 3, 8, 3), 8));
        x = m.Block(x, 8, 8);
        x = m.Block(x, 8, 12);
        x = m.Block(x, 12, 12);
        return m.Classifier(x, 12);
    }

    /// <summary>Branches that are put beside each other, cut apart, and shuffled between groups.</summary>
    public static FloatModels Branches(int seed = 1)
    {
        var m = new FloatModels(seed);
        var x = m.Builder.Input("x", ElementType.Float32, 1, 3, 6, 6);
        var joined = m.Builder.Node("Concat", [m.Relu(m.Conv(x, 3, 6, 3)), m.Builder.Node("Sigmoid", [m.Conv(x, 3, 4, 1)])], ("axis", 1));
        var grouped = m.Relu(m.Conv(joined, 10, 12, 3, groups: 2));
        var shuffled = m.Builder.Node("Reshape", [grouped, m.Builder.Constant(Tensor.Longs(1, 2, 6, 6, 6))]);
        shuffled = m.Builder.Node("Transpose", [shuffled], ("perm", new[] { 0, 2, 1, 3, 4 }));
        shuffled = m.Builder.Node("Reshape", [shuffled, m.Builder.Constant(Tensor.Longs(1, 12, 6, 6))]);
        var parts = m.Builder.Node("Split", "", [m.Conv(shuffled, 12, 12, 1), m.Builder.Constant(Tensor.Longs(5, 7))], [("axis", 1)], 2);
        var sliced = m.Builder.Node(
            "Slice",
            [parts[1], m.Builder.Constant(Tensor.Longs(2)), m.Builder.Constant(Tensor.Longs(7)), m.Builder.Constant(Tensor.Longs(1))]
        );
        var y = m.Builder.Node(
            "MaxPool",
            [m.Builder.Node("Mul", [parts[0], sliced])],
            ("kernel_shape", new[] { 2, 2 }),
            ("strides", new[] { 2, 2 })
        );
        y = m.Builder.Node("Flatten", [y]);
        y = m.Builder.Node("Gemm", [y, m.Weights(45, 7), m.Weights(7)]);
        y = m.Builder.Node("MatMul", [m.Relu(y), m.Weights(7, 4)]);
        m.Builder.Output(y, ElementType.Float32);
        return m;
    }

    public FloatModels Classifier(string x, int channels)
    {
        x = Builder.Node("Flatten", [Builder.Node("GlobalAveragePool", [x])]);
        Builder.Output(Builder.Node("Gemm", [x, Weights(5, channels), Weights(5)], ("transB", 1)), ElementType.Float32);
        return this;
    }

    public string Block(string x, int inputs, int outputs)
    {
        var inner = Relu(Normalised(Conv(x, inputs, outputs, 3), outputs));
        inner = Normalised(Conv(inner, outputs, outputs, 3), outputs);
        var skip = inputs == outputs ? x : Normalised(Conv(x, inputs, outputs, 1), outputs);
        return Relu(Builder.Node("Add", [inner, skip]));
    }

    public string Conv(string x, int inputs, int outputs, int kernel, int groups = 1) =>
        Builder.Node(
            "Conv",
            [x, Weights(outputs, inputs / groups, kernel, kernel), Weights(outputs)],
            ("group", groups),
            ("pads", Enumerable.Repeat(kernel / 2, 4).ToArray())
        );

    public string Normalised(string x, int channels)
    {
        var variance = Enumerable.Range(0, channels).Select(_ => 0.5f + _random.NextSingle()).ToArray();
        return Builder.Node(
            "BatchNormalization",
            [x, Weights(channels), Weights(channels), Weights(channels), Builder.Constant([channels], variance)]
        );
    }

    public string Relu(string x) => Builder.Node("Relu", [x]);

    public string Weights(params int[] shape) =>
        Builder.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (_random.NextSingle() * 2) - 1)]);

    /// <summary>What ONNX Runtime computes of random inputs, the same for every model with these inputs.</summary>
    public static IReadOnlyList<NamedTensor> RunInOnnxRuntime(byte[] model, int seed = 5)
    {
        using var oracle = new OnnxRuntimeOracle(model);
        return oracle.Run(Differential.RandomInputs(Onnx.OnnxModel.Read(Source(model)).Inputs, seed));
    }

    /// <summary>The model compiles, and its code gives what ONNX Runtime gives.</summary>
    public static CompiledModel AssertCompiledCodeAgrees(byte[] model)
    {
        var options = new CompileOptions { ClassName = "Compressed" };
        var compiled = ModelCompilation.Compile(Source(model), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        var inputs = Differential.RandomInputs(network.Inputs, 5);
        using var oracle = new OnnxRuntimeOracle(model);
        Differential.AssertEqual(
            oracle.Run(inputs),
            network.Run([.. inputs.Select(i => i.Elements)]),
            new Differential.Tolerance(),
            "compressed"
        );
        return compiled;
    }

    /// <summary>The elements of a float32 value inside of a model, by ONNX Runtime.</summary>
    public static float[] Exposed(ModelProto model, string value)
    {
        var exposed = model.Clone();
        exposed.Graph.Output.Add(new ValueInfoProto { Name = value });
        return (float[])RunInOnnxRuntime(exposed.ToByteArray())[^1].Elements;
    }

    private string Relu6(string x) => Builder.Node("Clip", [x, Builder.Constant([], 0), Builder.Constant([], 6)]);
}
