using System.Numerics.Tensors;
using ModelCompiler.Compression.Calibration;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>Weights as integers of 8 or fewer bits, with a scale for each output channel or one for all.</summary>
/// <param name="Weights">The integers, one a byte, in the order of the float weights.</param>
/// <param name="Scales">One scale an output channel, or one.</param>
/// <param name="ZeroPoint">The integer that stands for 0; other than 0 only where the format is asymmetric.</param>
/// <param name="Format">How the weights became integers.</param>
internal sealed record WeightQuantisation(sbyte[] Weights, float[] Scales, int ZeroPoint, WeightFormat Format)
{
    // A bias takes at most half of int32, so that products fit beside it.
    private const double HighestBias = 1 << 30;

    // Where all weights are 0 the scale is free: this one keeps 24 bits of the bias.
    private const double BiasWithoutWeights = 1 << 24;

    /// <summary>Quantises weights.</summary>
    /// <param name="weights">The float weights.</param>
    /// <param name="axis">The dimension of the output channels.</param>
    /// <param name="bias">One number an output channel, for which the scales leave room; null for none.</param>
    /// <param name="inputScale">Scale of what the weights are multiplied with.</param>
    /// <param name="format">How weights become integers.</param>
    public static WeightQuantisation Of(Tensor weights, int axis, float[]? bias, float inputScale, WeightFormat format)
    {
        var shape = weights.Shape;
        var (channels, inner) = (shape[axis], shape.Product(axis + 1, shape.Rank));
        var source = weights.As<float>();
        var integers = new sbyte[source.Length];
        if (format.HasOneScale)
        {
            var grid = GridOf(source, format, bias is null or [] ? 0 : TensorPrimitives.MaxMagnitude<float>(bias), inputScale);
            Round(source, integers, grid, format);
            return new(integers, [grid.Scale], grid.ZeroPoint, format);
        }

        var outer = shape.Product(0, axis);
        var scales = new float[channels];
        var channel = new float[outer * inner];
        for (var c = 0; c < channels; c++)
        {
            for (var o = 0; o < outer; o++)
            {
                source.Slice(((o * channels) + c) * inner, inner).CopyTo(channel.AsSpan(o * inner));
            }

            var grid = GridOf(channel, format, bias?[c] ?? 0, inputScale);
            scales[c] = grid.Scale;
            for (var o = 0; o < outer; o++)
            {
                Round(channel.AsSpan(o * inner, inner), integers.AsSpan(((o * channels) + c) * inner, inner), grid, format);
            }
        }

        return new(integers, scales, 0, format);
    }

    /// <summary>Scales of the bias: input scale × weight scale, as float32 gives it.</summary>
    public float[] BiasScales(float inputScale) => [.. Scales.Select(s => inputScale * s)];

    /// <summary>A bias that adds to the products, in units of <see cref="BiasScales"/>.</summary>
    public int[] Bias(float[] bias, float inputScale)
    {
        var scales = BiasScales(inputScale);
        return [.. bias.Select((b, c) => (int)Math.Round(b / (double)scales[c % scales.Length], MidpointRounding.ToEven))];
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
            errors[i] = (Weights[i] - ZeroPoint) * Scales[i / inner % Scales.Length];
        }

        TensorPrimitives.Subtract(errors, weights.As<float>(), errors);
        return errors;
    }

    private static void Round(ReadOnlySpan<float> weights, Span<sbyte> integers, (float Scale, int ZeroPoint) grid, WeightFormat format)
    {
        var quotients = new float[weights.Length];
        TensorPrimitives.Divide(weights, grid.Scale, quotients);
        if (format.Rule == QuantisationRule.Truncate)
        {
            // As shifting bits out does; the power of two itself has no integer.
            TensorPrimitives.Floor(quotients, quotients);
        }
        else
        {
            TensorPrimitives.Round(quotients, MidpointRounding.ToEven, quotients);
        }

        TensorPrimitives.Add(quotients, grid.ZeroPoint, quotients);
        TensorPrimitives.Min(quotients, format.Highest, quotients);
        TensorPrimitives.Max(quotients, format.Lowest, quotients);
        TensorPrimitives.ConvertSaturating<float, sbyte>(quotients, integers);
    }

    /// <summary>The scale of some weights, and the integer that stands for 0.</summary>
    private static (float Scale, int ZeroPoint) GridOf(ReadOnlySpan<float> weights, WeightFormat format, float bias, float inputScale)
    {
        var largest = weights.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(weights));
        var ofBias = (float)(Math.Abs(bias) / (inputScale * (largest > 0 ? HighestBias : BiasWithoutWeights)));
        if (format.IsAsymmetric && largest > 0)
        {
            var spread = AffineScale.Of(ValueRange.Of(weights), signed: true, format.Bits);
            return spread.Scale >= ofBias ? (spread.Scale, spread.ZeroPoint) : (ofBias, 0);
        }

        var steps = format.Rule == QuantisationRule.Truncate ? format.Highest + 1 : format.Highest;
        var scale = Math.Max(largest / steps, ofBias);
        scale = scale > 0 ? Math.Max(scale, AffineScale.Smallest) : 1;
        return (format.Rule == QuantisationRule.Truncate ? AffineScale.PowerOfTwo(scale) : scale, 0);
    }
}
