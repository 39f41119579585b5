using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Pruning;

public sealed class MeasuredPruningTests
{
    [Fact]
    public void The_residual_block_that_changes_least_goes_first()
    {
        // Of three blocks the second adds next to nothing.
        var model = Residual(1, 0.001f, 0.5f);
        var shorter = BlockPruning.Run(model, Outputs(model), new(2));

        Assert.Equal(["sum1", "sum2"], shorter.Removed.Select(r => r.Name));
        Assert.All(shorter.Removed, r => Assert.Equal(4, r.Nodes));
        Assert.InRange(shorter.Removed[0].Drop, 1e-9, 0.01);
        FloatModels.AssertCompiledCodeAgrees(shorter.Model);
        // What is left is the network with the first block alone, not the last: that costs less.
        var rest = FloatModels.RunInOnnxRuntime(shorter.Model);
        Assert.InRange(OutputError.Of(FloatModels.RunInOnnxRuntime(Residual(1).Bytes), rest), 0, 1e-5);
    }

    [Fact]
    public void No_block_goes_that_costs_more_than_is_allowed()
    {
        var model = Residual(1, 0.001f, 0.5f);
        Assert.Single(BlockPruning.Run(model, Outputs(model), new(9, 0.01)).Removed);
        Assert.Empty(BlockPruning.Run(model, Outputs(model), new(9, 0)).Removed);
        Assert.Throws<CompressionException>(() => BlockPruning.Run(model, Outputs(model), new(0)));
        var widening = Chain((6, 7), (7, 8));
        var fault = Assert.Throws<CompressionException>(() => BlockPruning.Run(widening, Outputs(widening), new(1)));
        Assert.Contains("no block that could be taken out", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_of_layers_that_gives_the_shape_it_takes_is_a_block()
    {
        // 8 → 8, and 8 → 12 → 8: the first and the last layer make a block each, and the two between make one together.
        var model = Chain((8, 8), (8, 12), (12, 8), (8, 8));
        var shorter = BlockPruning.Run(model, Outputs(model), new(9));

        Assert.Equal(["layer0", "layer1", "layer3"], shorter.Removed.Select(r => r.Name).Order());
        Assert.Equal([3, 3, 6], shorter.Removed.Select(r => r.Nodes).Order());
        FloatModels.AssertCompiledCodeAgrees(shorter.Model);
        var kept = BlockPruning.Run(model, Outputs(model), new(9) { Layers = name => name is not ("layer2" or "layer3") });
        Assert.Equal(["layer0"], kept.Removed.Select(r => r.Name));
    }

    [Fact]
    public void The_layer_that_changes_least_goes_first_and_the_rest_is_as_it_was()
    {
        // The second layer gives nearly what it takes, which its normalisation and ReLU leave as it is.
        var m = new FloatModels(3);
        var x = m.Relu(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 3, 6, 6), 3, 8, 3));
        float[] identity = [.. Enumerable.Range(0, 64).Select(i => i % 9 == 0 ? 1.001f : 0.001f)];
        x = m.Relu(m.Builder.Node("Conv", [x, m.Builder.Constant([8, 8, 1, 1], identity)]));
        m.Builder.Proto.Graph.Node[^2].Name = "idle";
        x = m.Relu(m.Normalised(m.Conv(x, 8, 8, 3), 8));
        var model = m.Classifier(x, 8).Source();
        var removed = BlockPruning.Run(model, Outputs(model), new(5, 0.2)).Removed;

        Assert.Equal(("idle", 2), (removed.Single().Name, removed.Single().Nodes));
        Assert.InRange(removed.Single().Drop, 1e-6, 0.1);
    }

    [Fact]
    public void Shares_are_chosen_so_that_the_whole_stays_within_the_allowed_drop()
    {
        var model = FloatModels.ResNet().Source();
        var measure = Outputs(model);
        var layers = WeightTensor.AllOf(OnnxModel.Read(model)).Select(w => w.Layer).ToList();
        var sensitivity = Sensitivity.Analyse(layers, [0.5, 0.1, 0.3], Prune, measure);

        Assert.Equal(layers, sensitivity.Select(s => s.Layer));
        Assert.All(sensitivity, s => Assert.Equal([0.1, 0.3, 0.5], s.Drops.Select(d => d.Share)));
        Assert.All(sensitivity, s => Assert.True(s.Drops[0].Drop < s.Drops[2].Drop));
        var shares = Sensitivity.Choose(sensitivity, 0.3, Prune, measure);
        Assert.NotEmpty(shares);
        Assert.InRange(measure.Of(Prune(shares)), 1e-6, 0.3);
        Assert.Empty(Sensitivity.Choose(sensitivity, 0, Prune, measure));

        byte[] Prune(IReadOnlyDictionary<string, double> amounts) =>
            WeightPruning.Run(model, new WeightPruningOptions(0) { LayerAmounts = amounts }).Model;
    }

    [Fact]
    public void Labelled_images_measure_accuracy()
    {
        // Whichever of two pixels is brighter.
        var m = new FloatModels(1);
        m.Builder.Output(m.Builder.Node("Identity", [m.Builder.Input("x", ElementType.Float32, 1, 1, 1, 2)]), ElementType.Float32);
        var images = new IdxItems("images", 1, 2, [9, 1, 2, 8, 7, 1, 3, 4], [0, 1, 0, 0]);
        var negated = new FloatModels(1);
        negated.Builder.Output(
            negated.Builder.Node("Neg", [negated.Builder.Input("x", ElementType.Float32, 1, 1, 1, 2)]),
            ElementType.Float32
        );
        var measure = ModelDrop.OfAccuracy(m.Builder.ToBytes(), OnnxModel.Read(m.Source()).Inputs, images);

        Assert.Equal((4, 3), (measure.Items, measure.Right));
        Assert.Equal(0.5, measure.Of(negated.Builder.ToBytes()));
        Assert.Equal([0, 0], images.Spread(2).Labels);
    }

    private static ModelDrop Outputs(ModelSource model)
    {
        var inputs = OnnxModel.Read(model).Inputs;
        return ModelDrop.OfOutputs(model.Bytes, [.. Enumerable.Range(0, 4).Select(seed => Differential.RandomInputs(inputs, seed))]);
    }

    /// <summary>Layers with normalisation and ReLU, named by their number, between two that nothing can stand for.</summary>
    private static ModelSource Chain(params (int Inputs, int Outputs)[] layers)
    {
        var m = new FloatModels(2);
        var x = m.Relu(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 3, 6, 6), 3, layers[0].Inputs, 3));
        for (var i = 0; i < layers.Length; i++)
        {
            x = m.Conv(x, layers[i].Inputs, layers[i].Outputs, 3);
            m.Builder.Proto.Graph.Node[^1].Name = $"layer{i}";
            x = m.Relu(m.Normalised(x, layers[i].Outputs));
        }

        return m.Classifier(x, layers[^1].Outputs).Source();
    }

    private static ModelSource Residual(params float[] strengths)
    {
        var m = new FloatModels(5);
        var x = m.Builder.Input("x", ElementType.Float32, 1, 8);
        x = m.Builder.Node("MatMul", [x, m.Weights(8, 6)]);
        var last = m.Weights(6, 4);
        foreach (var strength in strengths)
        {
            var inner = m.Relu(m.Builder.Node("MatMul", [x, m.Weights(6, 6)]));
            inner = m.Builder.Node("Mul", [inner, m.Builder.Constant([], strength)]);
            x = m.Builder.Node("Add", [inner, x]);
            m.Builder.Proto.Graph.Node[^1].Name = $"sum{Array.IndexOf(strengths, strength)}";
        }

        m.Builder.Output(m.Builder.Node("MatMul", [x, last]), ElementType.Float32);
        return m.Source();
    }
}
