using System.Numerics.Tensors;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>Weights as integers of 8 or fewer bits whose zero is 0, a scale for each output channel, and a bias that adds to their products.</summary>
/// <param name="Weights">The integers, one a byte (−127 … 127 for 8 bits, truncated −128 … 127), in the order of the float weights.</param>
/// <param name="Scales">One scale an output channel.</param>
/// <param name="Bias">Integers in units of input scale × weight scale; null where there is no bias.</param>
/// <param name="BiasScales">That product, as float32 gives it.</param>
internal sealed record WeightQuantisation(sbyte[] Weights, float[] Scales, int[]? Bias, float[] BiasScales)
{
    // A bias takes at most half of int32, so that products fit beside it.
    private const double HighestBias = 1 << 30;

    // Where all weights are 0 the scale is free: this one keeps 24 bits of the bias.
    private const double BiasWithoutWeights = 1 << 24;

    /// <summary>Quantises weights.</summary>
    /// <param name="weights">The float weights.</param>
    /// <param name="axis">The dimension of the output channels.</param>
    /// <param name="bias">One number an output channel; null for none.</param>
    /// <param name="inputScale">Scale of what the weights are multiplied with.</param>
    /// <param name="bits">Bits of a weight.</param>
    /// <param name="rule">How weights become integers.</param>
    public static WeightQuantisation Of(
        Tensor weights,
        int axis,
        float[]? bias,
        float inputScale,
        int bits = 8,
        QuantisationRule rule = QuantisationRule.Nearest
    )
    {
        var shape = weights.Shape;
        var (outer, channels, inner) = (shape.Product(0, axis), shape[axis], shape.Product(axis + 1, shape.Rank));
        var source = weights.As<float>();
        var result = new WeightQuantisation(
            new sbyte[source.Length],
            new float[channels],
            bias is null ? null : new int[channels],
            new float[channels]
        );
        var (highest, truncates) = ((1 << (bits - 1)) - 1, rule == QuantisationRule.Truncate);
        var common = truncates ? FixedPoint(source, highest + 1, bias, inputScale) : 0;
        var channel = new float[outer * inner];
        for (var c = 0; c < channels; c++)
        {
            for (var o = 0; o < outer; o++)
            {
                source.Slice(((o * channels) + c) * inner, inner).CopyTo(channel.AsSpan(o * inner));
            }

            var scale = truncates ? common : ScaleOf(channel, highest, bias?[c] ?? 0, inputScale);
            result.Scales[c] = scale;
            result.BiasScales[c] = inputScale * scale;
            if (bias is not null)
            {
                result.Bias![c] = (int)Math.Round(bias[c] / (double)result.BiasScales[c], MidpointRounding.ToEven);
            }

            TensorPrimitives.Divide(channel, scale, channel);
            if (truncates)
            {
                // As shifting bits out does; the power of two itself has no integer.
                TensorPrimitives.Floor(channel, channel);
                TensorPrimitives.Min(channel, highest, channel);
            }
            else
            {
                TensorPrimitives.Round(channel, MidpointRounding.ToEven, channel);
            }

            for (var o = 0; o < outer; o++)
            {
                var target = result.Weights.AsSpan(((o * channels) + c) * inner, inner);
                TensorPrimitives.ConvertSaturating<float, sbyte>(channel.AsSpan(o * inner, inner), target);
            }
        }

        return result;
    }

    /// <summary>What each weight is too large by.</summary>
    /// <param name="weights">The float weights.</param>
    /// <param name="axis">The dimension of the output channels.</param>
    public float[] Errors(Tensor weights, int axis)
    {
        var inner = weights.Shape.Product(axis + 1, weights.Shape.Rank);
        var errors = new float[Weights.Length];
        for (var i = 0; i < errors.Length; i++)
        {
            errors[i] = Weights[i] * Scales[i / inner % Scales.Length];
        }

        TensorPrimitives.Subtract(errors, weights.As<float>(), errors);
        return errors;
    }

    /// <summary>One scale, a power of two, for all weights.</summary>
    private static float FixedPoint(ReadOnlySpan<float> weights, int steps, float[]? bias, float inputScale) =>
        AffineScale.PowerOfTwo(ScaleOf(weights, steps, bias is null or [] ? 0 : TensorPrimitives.MaxMagnitude<float>(bias), inputScale));

    private static float ScaleOf(ReadOnlySpan<float> channel, int highest, float bias, float inputScale)
    {
        var largest = channel.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(channel));
        var ofBias = Math.Abs(bias) / (inputScale * (largest > 0 ? HighestBias : BiasWithoutWeights));
        var scale = Math.Max(largest / highest, (float)ofBias);
        return scale > 0 ? Math.Max(scale, AffineScale.Smallest) : 1;
    }
}
