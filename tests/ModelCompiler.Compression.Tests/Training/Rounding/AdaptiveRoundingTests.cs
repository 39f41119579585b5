using ModelCompiler.Compression.Onnx;
using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Compression.Tests.Quantisation;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training.Rounding;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Training.Rounding;

public sealed class AdaptiveRoundingTests
{
    private const int Channels = 12;

    private readonly Random _random = new(11);

    [TorchTheory]
    [InlineData("Conv", 4)]
    [InlineData("Conv in groups", 4)]
    [InlineData("Gemm", 4)]
    [InlineData("MatMul", 4)]
    [InlineData("Gemm", 8)]
    public void Learned_rounding_of_every_layer_moves_outputs_less_than_nearest(string layer, int bits)
    {
        var model = Network(layer);
        // Activations of 16 bits leave the error of the weights alone.
        var options = new QuantisationOptions { WeightBits = bits, ActivationBits = 16 };
        var nearest = Error(model, options);
        var learned = Error(model, options with { Rounding = Rounding() });

        Assert.True(learned < 0.9 * nearest, $"{nearest} nearest, {learned} learned");
    }

    [TorchFact]
    public void The_same_seed_gives_the_same_file_which_compiles()
    {
        var model = Network("Conv");
        var options = new QuantisationOptions { WeightBits = 4 };
        var first = Quantise(model, options with { Rounding = Rounding() });

        Assert.Equal(first.Model, Quantise(model, options with { Rounding = Rounding() }).Model);
        Assert.NotEqual(first.Model, Quantise(model, options).Model);
        QuantisedModels.AssertCompiledCodeAgrees(first);
    }

    [TorchTheory]
    [InlineData(WeightScaling.Tensor, false)]
    [InlineData(WeightScaling.Tensor, true)]
    public void Other_scales_are_learned_with_too(WeightScaling scaling, bool asymmetric)
    {
        var model = Network("Gemm");
        var options = new QuantisationOptions
        {
            WeightBits = 4,
            WeightScaling = scaling,
            AsymmetricWeights = asymmetric,
            ActivationBits = 16,
        };
        Assert.InRange(Error(model, options with { Rounding = Rounding() }), 0, 0.9 * Error(model, options));
    }

    private static AdaptiveRounding Rounding() =>
        new(
            new()
            {
                Steps = 300,
                Samples = 48,
                BatchSize = 16,
            }
        );

    /// <summary>Relative error of the outputs for samples that had no part in the rounding.</summary>
    private static double Error(OnnxModelBuilder model, QuantisationOptions options) =>
        ModelDrop.OfOutputs(model.ToBytes(), Samples(model, 100, 20)).Of(Quantise(model, options).Model);

    private static QuantisedModel Quantise(OnnxModelBuilder model, QuantisationOptions options) =>
        PostTrainingQuantisation.Run(new ModelSource("float.onnx", model.ToBytes(), _ => null), Samples(model, 1, 48), options);

    /// <summary>Inputs whose channels go together, as those of real networks do: mixtures of three patterns.</summary>
    private static List<IReadOnlyList<NamedTensor>> Samples(OnnxModelBuilder model, int seed, int count)
    {
        var input = OnnxModel.Read(FloatModels.Source(model.ToBytes())).Inputs[0];
        var inner = input.Type.Shape.Product(2, input.Type.Shape.Rank);
        var (patterns, random) = (new Random(7), new Random(seed));
        float[] mixture = [.. Enumerable.Range(0, Channels * 3).Select(_ => patterns.NextSingle())];
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ =>
                {
                    var elements = new float[input.Type.Shape.Elements];
                    for (var place = 0; place < elements.Length / Channels; place++)
                    {
                        float[] parts = [random.NextSingle(), random.NextSingle(), random.NextSingle()];
                        for (var c = 0; c < Channels; c++)
                        {
                            var sum = parts.Select((p, k) => p * mixture[(3 * c) + k]).Sum();
                            // Channels are dimension 1 of images, and the last of all else.
                            elements[inner > 1 && input.Type.Shape.Rank == 4 ? (c * inner) + place : (place * Channels) + c] = sum;
                        }
                    }

                    return new[] { new NamedTensor(input.Name, input.Type, elements) };
                }),
        ];
    }

    private OnnxModelBuilder Network(string layer)
    {
        var model = new OnnxModelBuilder();
        int[] shape =
            layer == "Gemm" ? [1, Channels]
            : layer == "MatMul" ? [1, 5, Channels]
            : [1, Channels, 5, 5];
        var x = model.Input("x", ElementType.Float32, shape);
        for (var i = 0; i < 2; i++)
        {
            x = layer switch
            {
                "Conv" => model.Node("Conv", [x, Weights(model, Channels, Channels, 3, 3), Weights(model, Channels)], Pads),
                "Conv in groups" => model.Node("Conv", [x, Weights(model, Channels, 3, 3, 3)], Pads, ("group", 4)),
                "Gemm" => model.Node("Gemm", [x, Weights(model, Channels, Channels), Weights(model, Channels)], ("transB", 1)),
                _ => model.Node("MatMul", [x, Weights(model, Channels, Channels)]),
            };
            x = i == 0 ? model.Node("Relu", [x]) : x;
        }

        return model.Output(x, ElementType.Float32);
    }

    private static (string, object) Pads => ("pads", new[] { 1, 1, 1, 1 });

    private string Weights(OnnxModelBuilder model, params int[] shape) =>
        model.Constant(shape, [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (_random.NextSingle() * 2) - 1)]);
}
