using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;
using Xunit;

namespace ModelCompiler.Core.Tests.Operators;

public sealed class RecurrentTests
{
    private sealed record Sizes(int Steps, int Batch, int Features, int Hidden);

    /// <summary>Which optional parts a model has.</summary>
    private sealed record Parts(
        bool Bias = true,
        bool Lengths = false,
        bool State = true,
        bool Peepholes = false,
        bool ConstantWeights = true
    );

    private static readonly Gen<Sizes> AnySizes = Gen.Select(
        Gen.Int[1, 4],
        Gen.Int[1, 3],
        Gen.Int[1, 9],
        Of(1, 4, 5, 11, 16, 19, 24, 32, 45),
        (steps, batch, features, hidden) => new Sizes(steps, batch, features, hidden)
    );

    private static readonly Gen<string> Directions = Of("forward", "reverse", "bidirectional");

    private static readonly Gen<Parts> AnyParts = Gen.Select(
        Gen.Bool,
        Gen.Bool,
        Gen.Bool,
        Gen.Bool,
        (bias, lengths, state, constant) => new Parts(bias, lengths, state, state, constant)
    );

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    [Theory]
    [InlineData("RNN")]
    [InlineData("GRU")]
    [InlineData("LSTM")]
    public void Layers_of_random_shapes_and_parts_equal_onnxruntime_on_every_target(string cell) =>
        Gen.Select(AnySizes, Directions, AnyParts, Of(0f, 0.4f), Gen.Bool)
            .Sample(
                (sizes, direction, parts, clip, flag) =>
                {
                    List<(string, object)> attributes = [("direction", direction), ("hidden_size", sizes.Hidden)];
                    if (clip > 0)
                    {
                        attributes.Add(("clip", clip));
                    }

                    if (flag && cell != "RNN")
                    {
                        attributes.Add((cell == "GRU" ? "linear_before_reset" : "input_forget", 1));
                    }

                    Check(Model(cell, sizes, parts, attributes), sizes);
                },
                iter: 8,
                threads: 1
            );

    [Theory]
    [InlineData("Relu", new float[0], new float[0])]
    [InlineData("Tanh", new float[0], new float[0])]
    [InlineData("Sigmoid", new float[0], new float[0])]
    [InlineData("Affine", new[] { 0.5f }, new[] { 0.25f })]
    [InlineData("LeakyRelu", new[] { 0.125f }, new float[0])]
    [InlineData("ThresholdedRelu", new[] { 0.375f }, new float[0])]
    [InlineData("ScaledTanh", new[] { 1.5f }, new[] { 0.75f })]
    [InlineData("HardSigmoid", new[] { 0.3f }, new[] { 0.4f })]
    [InlineData("HardSigmoid", new float[0], new float[0])]
    [InlineData("Elu", new[] { 0.75f }, new float[0])]
    [InlineData("Softsign", new float[0], new float[0])]
    [InlineData("Softplus", new float[0], new float[0])]
    public void Every_activation_equals_onnxruntime(string activation, float[] alpha, float[] beta)
    {
        var sizes = new Sizes(3, 2, 5, 19);
        List<(string, object)> attributes =
        [
            ("hidden_size", sizes.Hidden),
            ("activations", new[] { activation }),
            ("activation_alpha", alpha),
            ("activation_beta", beta),
        ];
        Check(Model("RNN", sizes, new Parts(), attributes), sizes);
    }

    [Fact]
    public void Parameters_of_activations_go_to_the_functions_that_have_them_in_order()
    {
        var sizes = new Sizes(3, 2, 5, 8);
        List<(string, object)> attributes =
        [
            ("hidden_size", sizes.Hidden),
            ("direction", "bidirectional"),
            ("activations", new[] { "HardSigmoid", "Tanh", "Affine", "Sigmoid", "LeakyRelu", "ScaledTanh" }),
            ("activation_alpha", new[] { 0.25f, 0.5f, 0.125f, 0.75f }),
            ("activation_beta", new[] { 0.375f, 0.0625f, 1.25f }),
        ];
        Check(Model("LSTM", sizes, new Parts(Peepholes: true), attributes), sizes);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(14)]
    [InlineData(22)]
    public void Constant_lengths_and_every_opset_equal_onnxruntime(int opset)
    {
        var model = new OnnxModelBuilder(opset);
        var x = model.Input("x", ElementType.Float32, 5, 3, 4);
        var w = model.Constant(RandomTensors.Floats(1, 2, 18, 4));
        var r = model.Constant(RandomTensors.Floats(2, 2, 18, 6));
        var lengths = model.Constant(Tensor.From<int>(ElementType.Int32, new TensorShape(3), [5, 1, 3]));
        (string, object)[] attributes = [("hidden_size", 6), ("direction", "bidirectional")];
        foreach (var output in model.Node("GRU", "", [x, w, r, null, lengths], attributes, 2))
        {
            model.Output(output, ElementType.Float32);
        }

        Differential.Check(model);
    }

    [Fact]
    public void The_last_state_alone_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder(14);
        var x = model.Input("x", ElementType.Float32, 6, 1, 3);
        var w = model.Constant(RandomTensors.Floats(1, 1, 40, 3));
        var r = model.Constant(RandomTensors.Floats(2, 1, 40, 10));
        var outputs = model.Node("LSTM", "", [x, w, r], [("hidden_size", 10)], 3);
        model.Proto.Graph.Node[^1].Output[0] = "";
        Differential.Check(model.Output(outputs[1], ElementType.Float32).Output(outputs[2], ElementType.Float32));
    }

    /// <summary>ONNX Runtime does not have this layout: the same layer with transpositions around it says what is right.</summary>
    [Theory]
    [InlineData("RNN", 1)]
    [InlineData("GRU", 3)]
    [InlineData("LSTM", 4)]
    public void A_layout_with_the_batch_first_equals_transpositions_around_the_other(string cell, int gates)
    {
        var direct = Run(BatchFirst(cell, gates, transposes: false));
        var transposed = Run(BatchFirst(cell, gates, transposes: true));
        Assert.Equal(transposed.Select(t => t.Type), direct.Select(t => t.Type));
        Assert.Equal(transposed.Select(t => t.Elements), direct.Select(t => t.Elements));
    }

    private static OnnxModelBuilder BatchFirst(string cell, int gates, bool transposes)
    {
        var model = new OnnxModelBuilder(14);
        var x = Turned(model.Input("x", ElementType.Float32, 2, 3, 4), 1, 0, 2);
        var w = model.Constant(RandomTensors.Floats(1, 2, gates * 6, 4));
        var r = model.Constant(RandomTensors.Floats(2, 2, gates * 6, 6));
        var h = Turned(model.Input("h", ElementType.Float32, 2, 2, 6), 1, 0, 2);
        List<(string, object)> attributes = [("hidden_size", 6), ("direction", "bidirectional")];
        if (!transposes)
        {
            attributes.Add(("layout", 1));
        }

        var outputs = model.Node(cell, "", [x, w, r, null, null, h], [.. attributes], cell == "LSTM" ? 3 : 2);
        model.Output(Turned(outputs[0], 2, 0, 1, 3), ElementType.Float32);
        foreach (var state in outputs.Skip(1))
        {
            model.Output(Turned(state, 1, 0, 2), ElementType.Float32);
        }

        return model;

        string Turned(string value, params int[] permutation) =>
            transposes ? model.Node("Transpose", [value], ("perm", permutation)) : value;
    }

    private static IReadOnlyList<NamedTensor> Run(OnnxModelBuilder model)
    {
        var options = new CompileOptions { ClassName = "TestModel", Target = Target.Auto };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        var outputs = network.Run([.. Differential.RandomInputs(network.Inputs, 1).Select(i => i.Elements)]);
        return [.. outputs.Select((o, i) => o with { Name = $"output{i}" })];
    }

    private static OnnxModelBuilder Model(string cell, Sizes sizes, Parts parts, List<(string, object)> attributes)
    {
        var gates =
            cell == "RNN" ? 1
            : cell == "GRU" ? 3
            : 4;
        var directions = attributes.Contains(("direction", "bidirectional")) ? 2 : 1;
        var (h, b) = (sizes.Hidden, sizes.Batch);
        var model = new OnnxModelBuilder(14);
        List<string?> inputs =
        [
            model.Input("x", ElementType.Float32, sizes.Steps, b, sizes.Features),
            Weights("w", parts.ConstantWeights, directions, gates * h, sizes.Features),
            Weights("r", parts.ConstantWeights, directions, gates * h, h),
            parts.Bias ? Weights("b", parts.ConstantWeights, directions, 2 * gates * h) : null,
            parts.Lengths ? model.Input("lengths", ElementType.Int32, b) : null,
            parts.State ? model.Input("h0", ElementType.Float32, directions, b, h) : null,
        ];
        if (cell == "LSTM")
        {
            inputs.Add(parts.State ? model.Input("c0", ElementType.Float32, directions, b, h) : null);
            inputs.Add(parts.Peepholes ? Weights("p", parts.ConstantWeights, directions, 3 * h) : null);
        }

        foreach (var output in model.Node(cell, "", [.. inputs], [.. attributes], cell == "LSTM" ? 3 : 2))
        {
            model.Output(output, ElementType.Float32);
        }

        return model;

        string Weights(string name, bool constant, params int[] shape) =>
            constant ? model.Constant(Scaled(RandomTensors.Floats(name[0], shape))) : model.Input(name, ElementType.Float32, shape);
    }

    /// <summary>
    /// Small enough that not every gate is saturated, and that rounding does not grow from step to step: with a spectral radius of
    /// ten, two right results are apart by more than any tolerance after four steps.
    /// </summary>
    private static Tensor Scaled(Tensor tensor) => Tensor.Floats(tensor.Shape, [.. tensor.ToFloats().Select(f => f / 3)]);

    private static void Check(OnnxModelBuilder model, Sizes sizes)
    {
        var inputs = model
            .Proto.Graph.Input.Where(i => i.Name is "w" or "r" or "b" or "p")
            .ToDictionary(i => i.Name, i => Weights(i.Name, [.. i.Type.TensorType.Shape.Dim.Select(d => (int)d.DimValue)]));
        inputs["lengths"] = Enumerable.Range(0, sizes.Batch).Select(i => 1 + ((i + sizes.Hidden) % sizes.Steps)).ToArray();
        Differential.Check(model, inputs: inputs);

        static Array Weights(string name, int[] shape) => Scaled(RandomTensors.Floats(name[0], shape)).ToFloats();
    }
}
