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
        var shorter = BlockPruning.Run(model, Outputs(model), 2, double.PositiveInfinity, new CompileOptions());

        Assert.Equal(["sum1", "sum2"], shorter.Removed.Select(r => r.Sum));
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
        Assert.Single(BlockPruning.Run(model, Outputs(model), 9, 0.01, new CompileOptions()).Removed);
        Assert.Empty(BlockPruning.Run(model, Outputs(model), 9, 0, new CompileOptions()).Removed);
        var mobile = FloatModels.Branches().Source();
        var fault = Assert.Throws<CompressionException>(() => BlockPruning.Run(mobile, Outputs(mobile), 1, 1, new CompileOptions()));
        Assert.Contains("no residual block", fault.Message, StringComparison.Ordinal);
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
