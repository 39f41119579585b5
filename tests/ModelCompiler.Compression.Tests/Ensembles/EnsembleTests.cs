using ModelCompiler.Audio;
using ModelCompiler.Compression.Ensembles;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Compression.Tests.Ensembles;

public sealed class EnsembleTests
{
    [Theory]
    [InlineData]
    [InlineData(1.0, 0.0, 3.0)]
    public void The_ensemble_gives_the_weighted_mean_of_its_models(params double[] weights)
    {
        FloatModels[] models = [Small(1), Small(2), Small(3)];
        var ensemble = Ensemble.Combine(
            [.. models.Select(m => m.Source())],
            new EnsembleOptions(Weights: weights.Length > 0 ? weights : null)
        );

        var each = models.Select(m => (float[])FloatModels.RunInOnnxRuntime(m.Builder.ToBytes())[0].Elements).ToList();
        var found = FloatModels.RunInOnnxRuntime(ensemble).Single();
        Assert.Equal(models[0].Builder.Proto.Graph.Output[0].Name, found.Name);
        for (var i = 0; i < 5; i++)
        {
            var expected = each.Select((e, m) => e[i] * (weights.Length > 0 ? weights[m] / weights.Sum() : 1.0 / 3)).Sum();
            Assert.Equal(expected, ((float[])found.Elements)[i], 1e-3);
        }

        FloatModels.AssertCompiledCodeAgrees(ensemble);
    }

    [Fact]
    public void What_all_models_say_of_their_features_of_sound_stays_and_differences_are_refused()
    {
        FloatModels[] models = [Small(1), Small(2)];
        Assert.All(models, m => AudioMetadata.Write(m.Builder.Proto, AudioFeatureOptions.Parse("log-mel rate=8000 bands=4 frames=4")));
        var ensemble = OnnxModel.Read(FloatModels.Source(Ensemble.Combine([.. models.Select(m => m.Source())], new())));
        Assert.Equal(AudioMetadata.Of("", models[0].Builder.Proto), AudioMetadata.Of("", ensemble.Proto));

        AudioMetadata.Write(models[1].Builder.Proto, AudioFeatureOptions.Parse("log-mel rate=16000 bands=4 frames=4"));
        var refused = Assert.Throws<CompressionException>(() => Ensemble.Combine([.. models.Select(m => m.Source())], new()));
        Assert.Contains("takes other features of sound", refused.Message, StringComparison.Ordinal);
    }

    private static FloatModels Small(int seed)
    {
        var m = new FloatModels(seed);
        return m.Classifier(m.Relu(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 3, 4, 4), 3, 4, 3)), 4);
    }

    [Fact]
    public void A_vote_counts_the_highest_scores()
    {
        float[][] scores =
        [
            [0, 2, 1, 5, 1, 1],
            [3, 2, 1, 0, 7, 1],
            [1, 9, 1, 6, 5, 1],
        ];
        var ensemble = Ensemble.Combine([.. scores.Select(Constant)], new EnsembleOptions(EnsembleRule.Vote));

        var found = (float[])FloatModels.RunInOnnxRuntime(ensemble).Single().Elements;
        float[] expected = [1f / 3, 2f / 3, 0, 2f / 3, 1f / 3, 0];
        Assert.All(expected.Zip(found), p => Assert.Equal(p.First, p.Second, 1e-6f));
        FloatModels.AssertCompiledCodeAgrees(ensemble);

        static ModelSource Constant(float[] scores)
        {
            var m = new FloatModels(1);
            var x = m.Builder.Node("Mul", [m.Builder.Input("x", ElementType.Float32, 2, 3), m.Builder.Constant([], 0)]);
            m.Builder.Output(m.Builder.Node("Add", [x, m.Builder.Constant([2, 3], scores)]), ElementType.Float32);
            return m.Source();
        }
    }

    [Fact]
    public void Names_stay_apart_in_graphs_within_nodes()
    {
        var ensemble = Ensemble.Combine([Conditional("x", 2), Conditional("y", -1)], new EnsembleOptions());

        var found = (float[])FloatModels.RunInOnnxRuntime(ensemble).Single().Elements;
        var input = (float[])Differential.RandomInputs(Onnx.OnnxModel.Read(Conditional("x", 2)).Inputs, 5)[0].Elements;
        Assert.All(input.Zip(found), p => Assert.Equal(p.First * (p.First > 0 ? 0.5f : -1), p.Second, 1e-5f));
        FloatModels.AssertCompiledCodeAgrees(ensemble);

        static ModelSource Conditional(string input, float factor)
        {
            var m = new FloatModels(1);
            var x = m.Builder.Input(input, ElementType.Float32, 1);
            var condition = m.Builder.Node(
                "Reshape",
                [m.Builder.Node("Greater", [x, m.Builder.Constant([], 0)]), m.Builder.Constant(Tensor.Longs())]
            );
            var then = OnnxModelBuilder.Subgraph("then");
            then.Output(then.Node("Mul", [x, then.Constant([], factor)]), ElementType.Float32);
            var other = OnnxModelBuilder.Subgraph("else");
            other.Output(other.Node("Mul", [x, other.Constant([], -1)]), ElementType.Float32);
            m.Builder.Output(m.Builder.Node("If", [condition], ("then_branch", then), ("else_branch", other)), ElementType.Float32);
            return m.Source();
        }
    }

    [Fact]
    public void Older_opsets_are_lifted()
    {
        ModelSource[] models = [Scaled(9, 3), Scaled(13, 1)];
        var ensemble = Ensemble.Combine(models, new EnsembleOptions());

        Assert.Equal(13, Onnx.OnnxModel.Read(FloatModels.Source(ensemble)).Opset);
        var each = models.Select(m => (float[])FloatModels.RunInOnnxRuntime(m.Bytes).Single().Elements).ToList();
        var found = (float[])FloatModels.RunInOnnxRuntime(ensemble).Single().Elements;
        Assert.All(found.Select((f, i) => (f, (each[0][i] + each[1][i]) / 2)), p => Assert.Equal(p.Item2, p.f, 1e-6f));

        static ModelSource Scaled(int opset, float factor)
        {
            var m = new FloatModels(1, opset);
            var x = m.Builder.Node("Mul", [m.Builder.Input("x", ElementType.Float32, 1, 4), m.Builder.Constant([], factor)]);
            m.Builder.Output(m.Builder.Node("Softmax", [x], ("axis", 1)), ElementType.Float32);
            return m.Source();
        }
    }

    [Fact]
    public void Models_that_do_not_go_together_are_a_sentence()
    {
        var resnet = FloatModels.ResNet().Source();
        Assert.Contains("two models", Fault([resnet], new EnsembleOptions()), StringComparison.Ordinal);
        Assert.Contains("inputs", Fault([resnet, FloatModels.Branches().Source()], new EnsembleOptions()), StringComparison.Ordinal);
        Assert.Contains("weights", Fault([resnet, resnet], new EnsembleOptions(Weights: [1])), StringComparison.Ordinal);
        Assert.Contains("weights", Fault([resnet, resnet], new EnsembleOptions(Weights: [0, 0])), StringComparison.Ordinal);
        Assert.Contains("weights", Fault([resnet, resnet], new EnsembleOptions(Weights: [1, double.NaN])), StringComparison.Ordinal);
        var newer = new FloatModels(1, opset: 18);
        newer.Classifier(newer.Conv(newer.Builder.Input("x", ElementType.Float32, 1, 3, 8, 8), 3, 5, 1), 5);
        Assert.Contains("version 18", Fault([resnet, newer.Source()], new EnsembleOptions()), StringComparison.Ordinal);

        static string Fault(ModelSource[] models, EnsembleOptions options) =>
            Assert.Throws<CompressionException>(() => Ensemble.Combine(models, options)).Message;
    }
}
