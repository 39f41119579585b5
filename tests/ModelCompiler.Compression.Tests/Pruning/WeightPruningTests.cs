using CsCheck;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Pruning;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Pruning;

public sealed class WeightPruningTests
{
    [Fact]
    public void The_smallest_weights_become_zero_to_the_share_that_was_asked_for() =>
        Gen.Select(Gen.Double[0, 1], Gen.Bool, Gen.Int[1, 1000])
            .Sample(
                (share, global, seed) =>
                {
                    var model = FloatModels.ResNet(seed).Source();
                    var options = new WeightPruningOptions(share) { Scope = global ? PruningScope.Global : PruningScope.Layer };
                    var sparse = WeightPruning.Run(model, options);

                    var weights = sparse.Layers.Sum(l => l.Weights);
                    Assert.Equal(share * weights, sparse.Layers.Sum(l => l.Zeros), global ? 1.0 : (double)sparse.Layers.Count);
                    var threshold = global ? Largest(Pairs(model, sparse)) : 0;
                    foreach (var layer in Pairs(model, sparse).GroupBy(p => p.Layer))
                    {
                        var limit = global ? threshold : Largest(layer);
                        Assert.All(layer, p => Assert.True(p.After == p.Before || (p.After == 0 && Math.Abs(p.Before) <= limit)));
                        Assert.All(layer.Where(p => p.After != 0), p => Assert.True(Math.Abs(p.Before) >= limit));
                    }
                },
                iter: 10,
                threads: 1
            );

    [Fact]
    public void A_threshold_keeps_what_is_above_it_and_onnxruntime_runs_the_result()
    {
        var model = FloatModels.MobileNet().Source();
        var sparse = WeightPruning.Run(model, new WeightPruningOptions(0.3) { Scope = PruningScope.Threshold });

        Assert.All(Pairs(model, sparse), p => Assert.Equal(Math.Abs(p.Before) < 0.3f ? 0 : p.Before, p.After));
        FloatModels.AssertCompiledCodeAgrees(sparse.Model);
    }

    [Theory]
    [InlineData(2, 4)]
    [InlineData(1, 3)]
    public void Of_each_four_inputs_of_an_output_and_a_tap_two_stay(int kept, int of)
    {
        var model = FloatModels.ResNet().Source();
        var sparse = WeightPruning.Run(model, new WeightPruningOptions(0) { Pattern = new KeepOfEach(kept, of) });
        foreach (var weight in WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(sparse.Model))).Where(w => w.Inputs >= of))
        {
            var (elements, offset) = (weight.Weights.ToFloats(), weight.Offsets());
            for (var run = 0; run < weight.Outputs * weight.Taps * (weight.Inputs / of); run++)
            {
                var (output, rest) = (run % weight.Outputs, run / weight.Outputs);
                var (tap, first) = (rest % weight.Taps, rest / weight.Taps * of);
                Assert.Equal(kept, Enumerable.Range(first, of).Count(i => elements[offset(output, i, tap)] != 0));
            }
        }
    }

    [Fact]
    public void Blocks_of_inputs_and_outputs_are_zero_as_a_whole_or_not_at_all() =>
        Gen.Select(Gen.Int[0, 2].Select(i => new[] { "4x16", "4x8", "3x5" }[i]), Gen.Double[0.1, 0.9], Gen.Bool)
            .Sample(
                (pattern, share, transposed) =>
                {
                    var m = new FloatModels(2);
                    var x = m.Builder.Input("x", ElementType.Float32, 1, 24);
                    x = m.Builder.Node("Gemm", [x, transposed ? m.Weights(40, 24) : m.Weights(24, 40)], ("transB", transposed ? 1 : 0));
                    m.Builder.Output(x, ElementType.Float32);
                    var blocks = (BlockPattern)SparsityPattern.Parse(pattern)!;
                    var sparse = WeightPruning.Run(m.Source(), new WeightPruningOptions(share) { Pattern = blocks });

                    Assert.Equal(share * 960, sparse.Layers.Single().Zeros, (double)(blocks.Inputs * blocks.Outputs));
                    var weight = WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(sparse.Model))).Single();
                    Assert.Equal((24, 40), (weight.Inputs, weight.Outputs));
                    var (elements, offset) = (weight.Weights.ToFloats(), weight.Offsets());
                    var zeros = Enumerable
                        .Range(0, 960)
                        .GroupBy(i => (i % 24 / blocks.Inputs, i / 24 / blocks.Outputs), i => elements[offset(i / 24, i % 24, 0)] == 0);
                    Assert.All(zeros, block => Assert.Single(block.Distinct()));
                },
                iter: 12,
                threads: 1
            );

    [Fact]
    public void Blocks_do_not_reach_from_one_group_of_channels_into_the_next()
    {
        var m = new FloatModels(2);
        m.Builder.Output(m.Conv(m.Builder.Input("x", ElementType.Float32, 1, 16, 3, 3), 16, 24, 1, groups: 2), ElementType.Float32);
        var weight = WeightTensor.AllOf(OnnxModel.Read(m.Source())).Single();
        var blocks = WeightBlocks.Of(weight, new BlockPattern(4, 8), WeightImportances.Magnitude(weight));

        Assert.Equal([32, 32, 16, 16, 32, 32, 16, 16], Enumerable.Range(0, blocks.Count).Select(b => blocks.Block(b).Length));
    }

    [Fact]
    public void Of_weights_that_matter_alike_those_go_first_that_are_zero_already()
    {
        var half = WeightPruning.Run(FloatModels.ResNet().Source(), new WeightPruningOptions(0.5));
        var again = WeightPruning.Run(
            FloatModels.Source(half.Model),
            new WeightPruningOptions(0.5) { Importance = w => new float[w.Weights.Shape.Elements] }
        );

        Assert.Equal(half.Layers, again.Layers);
    }

    [Fact]
    public void Given_importances_decide_and_layers_can_be_left_out()
    {
        var model = FloatModels.ResNet().Source();
        var layers = WeightTensor.AllOf(OnnxModel.Read(model)).Select(w => w.Layer).ToList();
        var sparse = WeightPruning.Run(
            model,
            new WeightPruningOptions(0.5)
            {
                Importance = w => w.Layer == layers[0] ? null : [.. w.Weights.ToFloats().Select(v => v)],
                Layers = layer => layer != layers[1],
                LayerAmounts = new Dictionary<string, double> { [layers[2]] = 1 },
            }
        );

        Assert.Equal(layers.Skip(2), sparse.Layers.Select(l => l.Layer));
        Assert.Equal(sparse.Layers[0].Weights, sparse.Layers[0].Zeros);
        // The signed weight as importance: the negative ones go.
        var last = Pairs(model, sparse).Where(p => p.Layer == layers[^1]).ToList();
        Assert.True(last.Where(p => p.After == 0).Max(p => p.Before) <= last.Where(p => p.After != 0).Min(p => p.Before));
    }

    [Theory]
    [InlineData("2:4", "2:4")]
    [InlineData("4x16", "4x16")]
    [InlineData("unstructured", "unstructured")]
    [InlineData("1x1", "unstructured")]
    [InlineData("4:2", null)]
    [InlineData("0x4", null)]
    [InlineData("4x", null)]
    [InlineData("4x99999999999", null)]
    public void Patterns_are_read_from_text(string text, string? expected) =>
        Assert.Equal(expected, SparsityPattern.Parse(text)?.ToString());

    [Fact]
    public void What_cannot_be_pruned_is_a_sentence()
    {
        var model = FloatModels.ResNet().Source();
        Assert.Contains("between 0 and 1", Fault(model, new WeightPruningOptions(1.5)), StringComparison.Ordinal);
        Assert.Contains("importances", Fault(model, new WeightPruningOptions(0.5) { Importance = _ => [1] }), StringComparison.Ordinal);
        Assert.Contains(
            "512:1024",
            Fault(model, new WeightPruningOptions(0) { Pattern = new KeepOfEach(512, 1024) }),
            StringComparison.Ordinal
        );

        static string Fault(ModelSource source, WeightPruningOptions options) =>
            Assert.Throws<CompressionException>(() => WeightPruning.Run(source, options)).Message;
    }

    private static float Largest(IEnumerable<(string Layer, float Before, float After)> pairs) =>
        pairs.Where(p => p.After == 0).Select(p => Math.Abs(p.Before)).DefaultIfEmpty().Max();

    private static List<(string Layer, float Before, float After)> Pairs(ModelSource before, SparseModel after) =>
        [
            .. WeightTensor
                .AllOf(OnnxModel.Read(before))
                .Zip(
                    WeightTensor.AllOf(OnnxModel.Read(FloatModels.Source(after.Model))),
                    (b, a) => b.Weights.ToFloats().Zip(a.Weights.ToFloats(), (x, y) => (b.Layer, x, y))
                )
                .SelectMany(p => p),
        ];
}
