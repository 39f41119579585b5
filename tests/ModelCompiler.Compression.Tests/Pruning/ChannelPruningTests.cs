using CsCheck;
using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Compression.Pruning.Channels;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Pruning;

public sealed class ChannelPruningTests
{
    public static TheoryData<string> Networks => ["mobilenet", "resnet", "branches", "transposed", "attention", "lists"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_narrower_network_computes_what_the_wide_one_does_with_zeros_for_these_channels(string name)
    {
        var model = Build(name, 3);
        Gen.Select(Gen.Double[0, 1], Gen.Enum<PruningScope>(), Gen.Enum<ChannelCriterion>(), Gen.Int[0, 2].Select(i => 1 << i))
            .Where((_, scope, criterion, _) => scope != PruningScope.Threshold && criterion != ChannelCriterion.BatchNormalization)
            .Sample(
                (amount, scope, criterion, multiple) =>
                    Check(
                        model,
                        new ChannelPruningOptions(amount)
                        {
                            Scope = scope,
                            Criterion = criterion,
                            Multiple = multiple,
                            Importance = WeightImportances.Magnitude,
                        }
                    ),
                iter: 8,
                threads: 1
            );
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_narrower_network_compiles_to_fewer_bytes(string name)
    {
        var model = Build(name, 4);
        var narrow = ChannelPruning.Run(model, new ChannelPruningOptions(0.5));
        Assert.All(narrow.Groups, g => Assert.True(g.After < g.Before && g.After > 0, $"{g}"));
        var before = ModelCompilation.Compile(model, new CompileOptions());
        var after = FloatModels.AssertCompiledCodeAgrees(narrow.Model);
        Assert.True(after.Weights.Length < before.Weights.Length);
    }

    [Fact]
    public void Layers_that_a_residual_sum_joins_lose_the_same_channels()
    {
        var narrow = ChannelPruning.Run(FloatModels.ResNet().Source(), new ChannelPruningOptions(0.25));

        // The stem with the end of the first block; the middles of three blocks; the ends of the others with the projection.
        Assert.Equal([2, 1, 1, 3, 1], narrow.Groups.Select(g => g.Layers.Count));
        Assert.Equal([8, 8, 12, 12, 12], narrow.Groups.Select(g => g.Before));
        Assert.Equal([6, 6, 9, 9, 9], narrow.Groups.Select(g => g.After));
    }

    [Fact]
    public void The_channels_with_the_least_scale_go_first()
    {
        var m = new FloatModels(1);
        var x = m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 2, 4, 4), 2, 4, 1);
        string[] parameters = [m.Builder.Constant([4], 3, 0.1f, -2, 0), m.Weights(4), m.Weights(4), m.Builder.Constant([4], 1, 1, 1, 1)];
        m.Classifier(m.Relu(m.Builder.Node("BatchNormalization", [x, .. parameters])), 4);

        var narrow = ChannelPruning.Run(
            m.Source(),
            new ChannelPruningOptions(0.5) { Scope = PruningScope.Threshold, Criterion = ChannelCriterion.BatchNormalization }
        );

        var scale = OnnxModel.Read(FloatModels.Source(narrow.Model)).Constant(parameters[0])!;
        Assert.Equal([3f, -2f], scale.ToFloats());
    }

    [Fact]
    public void The_last_channel_stays_and_counts_become_multiples()
    {
        var source = FloatModels.MobileNet().Source();
        Assert.All(ChannelPruning.Run(source, new ChannelPruningOptions(1)).Groups, g => Assert.Equal(1, g.After));
        Assert.All(ChannelPruning.Run(source, new ChannelPruningOptions(0.4) { Multiple = 4 }).Groups, g => Assert.Equal(0, g.After % 4));
    }

    [Fact]
    public void Layers_can_be_left_out_and_have_shares_of_their_own()
    {
        var source = FloatModels.ResNet().Source();
        var names = ChannelPruning.Run(source, new ChannelPruningOptions(0)).Groups.Select(g => g.Layers[0]).ToList();
        var narrow = ChannelPruning.Run(
            source,
            new ChannelPruningOptions(0)
            {
                Layers = layer => layer != names[1],
                LayerAmounts = new Dictionary<string, double> { [names[2]] = 0.5 },
            }
        );

        Assert.DoesNotContain(narrow.Groups, g => g.Layers.Contains(names[1]));
        Assert.All(narrow.Groups, g => Assert.Equal(g.Layers[0] == names[2] ? 6 : g.Before, g.After));
    }

    [Fact]
    public void Nothing_to_remove_and_bad_amounts_are_sentences()
    {
        var model = new FloatModels(1);
        model.Classifier(model.Builder.Input("x", ElementType.Float32, 1, 4, 2, 2), 4);

        Assert.Contains("no channel", Fault(model.Source(), new ChannelPruningOptions(0.5)), StringComparison.Ordinal);
        var good = FloatModels.ResNet().Source();
        Assert.Contains("between 0 and 1", Fault(good, new ChannelPruningOptions(double.NaN)), StringComparison.Ordinal);
        Assert.Contains("at least 1", Fault(good, new ChannelPruningOptions(0.5) { Multiple = 0 }), StringComparison.Ordinal);
        Assert.Contains("model.onnx", Fault(FloatModels.Source([1, 2]), new ChannelPruningOptions(0.5)), StringComparison.Ordinal);

        static string Fault(ModelSource source, ChannelPruningOptions options) =>
            Assert.Throws<CompressionException>(() => ChannelPruning.Run(source, options)).Message;
    }

    private static void Check(ModelSource source, ChannelPruningOptions options)
    {
        var narrow = ChannelPruning.Run(source, options);
        var (coupling, groups) = ChannelPruning.Plan(source, options);
        var zeroed = coupling.Model;
        foreach (var slice in ChannelChoice.Of(coupling, groups, options).SelectMany(c => c.Slices))
        {
            if (zeroed.Constant(slice.Tensor) is { } tensor)
            {
                zeroed.SetConstant(slice.Tensor, WithZeros(tensor, slice));
            }
        }

        Differential.AssertEqual(
            FloatModels.RunInOnnxRuntime(zeroed.Proto.ToByteArray()),
            FloatModels.RunInOnnxRuntime(narrow.Model),
            new Differential.Tolerance(1e-4, 1e-4),
            $"{options}"
        );
    }

    private static Tensor WithZeros(Tensor tensor, Slice slice)
    {
        var elements = tensor.ToFloats();
        var inner = tensor.Shape.Product(slice.Axis + 1, tensor.Shape.Rank);
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = i / inner % tensor.Shape[slice.Axis] == slice.Index ? 0 : elements[i];
        }

        return Tensor.Floats(tensor.Shape, elements);
    }

    private static ModelSource Build(string name, int seed) =>
        name switch
        {
            "mobilenet" => FloatModels.MobileNet(seed).Source(),
            "resnet" => FloatModels.ResNet(seed).Source(),
            "branches" => FloatModels.Branches(seed).Source(),
            "transposed" => Transposed(seed),
            "attention" => Attention(seed),
            _ => ListsAsAttributes(seed),
        };

    /// <summary>Transposed convolutions, with and without groups; a resize, a reduction, and padding.</summary>
    private static ModelSource Transposed(int seed)
    {
        var m = new FloatModels(seed);
        var x = m.Relu(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 2, 4, 4), 2, 6, 3));
        x = m.Builder.Node("ConvTranspose", [x, m.Weights(6, 4, 2, 2), m.Weights(8 - 4)], ("strides", new[] { 2, 2 }));
        x = m.Builder.Node("ConvTranspose", [x, m.Weights(4, 3, 2, 2), m.Weights(6)], ("group", 2));
        x = m.Builder.Node("PRelu", [x, m.Weights(6, 1, 1)]);
        x = m.Builder.Node("Resize", [x, null, null, m.Builder.Constant(Tensor.Longs(1, 6, 18, 18))], ("mode", "nearest"));
        x = m.Builder.Node("Pad", [x, m.Builder.Constant(Tensor.Longs(0, 0, 1, 1, 0, 0, 1, 1))]);
        x = m.Builder.Node("InstanceNormalization", [m.Conv(x, 6, 6, 3, groups: 6), m.Weights(6), m.Weights(6)]);
        x = m.Builder.Node("ReduceMean", [x], ("axes", new[] { 2, 3 }), ("keepdims", 0));
        m.Builder.Output(m.Builder.Node("Gemm", [x, m.Weights(6, 3)]), ElementType.Float32);
        return m.Source();
    }

    /// <summary>Attention of two heads, and the two products behind it, the batch read from the input.</summary>
    private static ModelSource Attention(int seed)
    {
        var m = new FloatModels(seed);
        var x = m.Builder.Input("x", ElementType.Float32, 1, 5, 8);
        var query = Heads(x, [0, 2, 1, 3]);
        var key = Heads(x, [0, 2, 3, 1]);
        var scores = m.Builder.Node("Softmax", [m.Builder.Node("MatMul", [query, key])], ("axis", -1));
        var mixed = m.Builder.Node(
            "Transpose",
            [m.Builder.Node("MatMul", [scores, Heads(x, [0, 2, 1, 3])])],
            ("perm", new[] { 0, 2, 1, 3 })
        );
        var batch = m.Builder.Node("Gather", [m.Builder.Node("Shape", [mixed]), m.Builder.Constant(Tensor.Longs(0))]);
        var shape = m.Builder.Node(
            "Concat",
            [batch, m.Builder.Constant(Tensor.Longs(5)), m.Builder.Constant(Tensor.Longs(-1))],
            ("axis", 0)
        );
        var y = m.Builder.Node("MatMul", [m.Builder.Node("Reshape", [mixed, shape]), m.Weights(8, 8)]);
        y = m.Builder.Node("LayerNormalization", [m.Builder.Node("Add", [x, y]), m.Weights(8), m.Weights(8)]);
        var hidden = m.Builder.Node("Erf", [m.Builder.Node("Add", [m.Builder.Node("MatMul", [y, m.Weights(8, 16)]), m.Weights(16)])]);
        m.Builder.Output(m.Builder.Node("MatMul", [hidden, m.Weights(16, 3)]), ElementType.Float32);
        return m.Source();

        string Heads(string value, int[] order)
        {
            value = m.Builder.Node("MatMul", [value, m.Weights(8, 8)]);
            value = m.Builder.Node("Reshape", [value, m.Builder.Constant(Tensor.Longs(0, 0, 2, 4))]);
            return m.Builder.Node("Transpose", [value], ("perm", order));
        }
    }

    /// <summary>An old opset, where sizes are attributes.</summary>
    private static ModelSource ListsAsAttributes(int seed)
    {
        var m = new FloatModels(seed, opset: 9);
        var x = m.Relu(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 2, 4, 4), 2, 8, 3));
        var parts = m.Builder.Node("Split", "", [x], [("axis", 1)], 2);
        x = m.Builder.Node("Slice", [parts[1]], ("axes", new[] { 1 }), ("starts", new[] { 0 }), ("ends", new[] { 4 }));
        m.Classifier(m.Builder.Node("Add", [parts[0], x]), 4);
        return m.Source();
    }
}
