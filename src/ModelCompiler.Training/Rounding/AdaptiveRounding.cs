using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Training.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Rounding;

/// <summary>How rounding is learned.</summary>
public sealed record AdaptiveRoundingOptions
{
    /// <summary>Steps of the optimiser for each layer, at least 1.</summary>
    public int Steps { get; init; } = 500;

    /// <summary>Samples of a step.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Most samples that are learned from.</summary>
    public int Samples { get; init; } = 256;

    /// <summary>Decides which samples a step sees.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>
/// AdaRound (Nagel et al. 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization"): whether each weight of a layer is rounded
/// up or down is learned, so that the layer gives for the inputs of the quantised network what it gives in the float one. A weight becomes
/// ⌊w⌋ + h(v) with the rectified sigmoid h, and a regulariser λ·Σ(1 − |2h − 1|^β) pushes h to 0 or 1, the more the further β falls.
/// libtorch has to be loaded. With the same seed and number of threads the integers are the same.
/// </summary>
/// <param name="options">How rounding is learned.</param>
public sealed class AdaptiveRounding(AdaptiveRoundingOptions options) : IWeightRounding
{
    // The rectified sigmoid reaches 0 and 1 a little before its ends (ζ and γ of the paper).
    private const double Stretch = 1.2;
    private const double Below = -0.1;

    // What steps of the optimiser may change in sum, whatever their number: v lies within ±3 where h has a gradient.
    private const double Way = 10;

    // Steps without regulariser, in which the weights find their way.
    private const double Free = 0.2;
    private const double FirstExponent = 20;
    private const double LastExponent = 2;

    // λ, of the mean over the weights.
    private const double RegulariserWeight = 1;

    /// <inheritdoc/>
    public int Samples => options.Samples;

    /// <inheritdoc/>
    /// <exception cref="NotDifferentiableException">No gradient can be computed through the layer.</exception>
    public sbyte[] Round(RoundingTask task, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var layer = new RoundedLayer(task);
        var chosen = Learn(task, layer, cancellation);
        // Learning with batches does not promise to be better over all samples.
        return layer.Error(layer.Weights(chosen)) < layer.Error(layer.Weights(task.Nearest)) ? chosen : task.Nearest;
    }

    private sbyte[] Learn(RoundingTask task, RoundedLayer layer, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var random = new Random(options.Seed);
        var quotients = tensor(task.Quotients, TorchTypes.Sizes(task.WeightShape));
        var floor = quotients.floor();
        // Such that h is the part behind the point: learning begins with the float weights.
        var v = new Parameter(((quotients - floor - Below) / Stretch).logit());
        var nearest = layer.Error(layer.Weights(task.Nearest));
        using var adam = optim.Adam([v], Way / options.Steps);
        for (var step = 0; step < options.Steps && nearest > 0; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            using var pause = CollectionPause.Begin();
            adam.zero_grad();
            var share = Rectified(v);
            var weights = layer.Weights((floor + share).clamp(task.Bounds.Lowest, task.Bounds.Highest));
            // In units of what nearest rounding costs, so that the regulariser weighs the same in all layers.
            var loss = layer.Error(weights, random, options.BatchSize) / nearest;
            var progress = ((double)step / options.Steps - Free) / (1 - Free);
            if (progress >= 0)
            {
                var exponent = LastExponent + ((FirstExponent - LastExponent) * (1 + Math.Cos(Math.PI * progress)) / 2);
                loss += (1 - ((2 * share) - 1).abs().pow(exponent)).mean() * RegulariserWeight;
            }

            loss.backward();
            adam.step();
        }

        using var noGradient = no_grad();
        var integers = (floor + Rectified(v).round()).clamp(task.Bounds.Lowest, task.Bounds.Highest);
        return [.. integers.data<float>().ToArray().Select(q => (sbyte)q)];
    }

    private static Tensor Rectified(Tensor v) => ((v.sigmoid() * Stretch) + Below).clamp(0, 1);
}
