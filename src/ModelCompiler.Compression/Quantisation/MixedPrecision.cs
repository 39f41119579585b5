using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>What 4-bit weights of a layer cost and save.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Bits">Bits that were chosen.</param>
/// <param name="Error">
/// Error of the outputs, relative to those of the float model, with 4 bits in this layer and 8 in all others; null where it was not measured.
/// </param>
/// <param name="SavedBytes">Bytes of weights, as baked, that this saves; null where it was not measured.</param>
public sealed record LayerPrecision(string Layer, int Bits, double? Error, long? SavedBytes);

/// <summary>Gives the layers weights of 4 or 8 bits under a budget of bytes.</summary>
public static class MixedPrecision
{
    /// <summary>
    /// Measures each layer alone with 4 bits, and takes them in the order of what they cost by what they save until the budget is met.
    /// The errors of layers add in squares. Layers that are not needed for the budget after all get their 8 bits back.
    /// </summary>
    /// <param name="calibrated">The model.</param>
    /// <param name="options">Choices of the user but for the bits; measured is nearest rounding without correction of biases.</param>
    /// <param name="maxWeightBytes">Most bytes of weights as the compiler bakes them.</param>
    /// <param name="compile">How it is compiled.</param>
    /// <param name="measure">The relative error of the outputs (<see cref="ModelDrop.OfOutputs"/>).</param>
    /// <param name="mayChange">Whether a layer of this name may have 4 bits.</param>
    /// <param name="progress">Told how far the measurements are, 0 to 1.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    /// <returns>Every layer; nothing was measured where 8 bits meet the budget.</returns>
    /// <exception cref="BudgetException">Not even 4 bits in all layers that may have them meet the budget.</exception>
    public static IReadOnlyList<LayerPrecision> Choose(
        CalibratedModel calibrated,
        QuantisationOptions options,
        long maxWeightBytes,
        CompileOptions compile,
        ModelDrop measure,
        Func<string, bool> mayChange,
        Action<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        var names = calibrated.Layers.Distinct().ToList();
        var (full, whole) = With([]);
        if (full <= maxWeightBytes)
        {
            return [.. names.Select(n => new LayerPrecision(n, 8, null, null))];
        }

        var open = names.Where(mayChange).ToList();
        var (least, _) = With(open);
        if (least > maxWeightBytes)
        {
            throw new BudgetException(
                $"{maxWeightBytes} bytes of weights are too few: with 8 bits they are {full}, with 4 bits in {open.Count} of {names.Count} layers {least}, which is the least"
            );
        }

        var (basis, done) = (measure.Of(whole, cancellation), 0);
        var alone = open.Select(name =>
            {
                var (bytes, model) = With([name]);
                var error = measure.Of(model, cancellation);
                progress?.Invoke(++done / (double)open.Count);
                return new LayerPrecision(name, 8, error, full - bytes);
            })
            .OrderBy(l => l.SavedBytes > 0 ? Cost(l.Error!.Value) / l.SavedBytes.Value : double.PositiveInfinity)
            .ToList();
        var chosen = Fewest(alone, taken => With(taken).Bytes <= maxWeightBytes);
        return [.. names.Select(n => (alone.Find(l => l.Layer == n) ?? new(n, 8, null, null)) with { Bits = chosen.Contains(n) ? 4 : 8 })];

        double Cost(double error) => Math.Max((error * error) - (basis * basis), 0);

        (long Bytes, byte[] Model) With(IReadOnlyCollection<string> narrow)
        {
            cancellation.ThrowIfCancellationRequested();
            var plain = options with
            {
                WeightBits = 8,
                LayerWeightBits = narrow.ToDictionary(n => n, _ => 4),
                CorrectBias = false,
                Rounding = null,
            };
            var model = calibrated.Quantise(plain, cancellation: cancellation).Model;
            return (BakedWeights(model, compile), model);
        }
    }

    /// <summary>The first layers that together fit, without those that are not needed.</summary>
    private static HashSet<string> Fewest(IReadOnlyList<LayerPrecision> ordered, Func<IReadOnlyCollection<string>, bool> fits)
    {
        var taken = new List<string>();
        foreach (var layer in ordered)
        {
            if (fits(taken))
            {
                break;
            }

            taken.Add(layer.Layer);
        }

        // The dearest first.
        foreach (var layer in Enumerable.Reverse(taken).ToList())
        {
            if (fits([.. taken.Where(t => t != layer)]))
            {
                taken.Remove(layer);
            }
        }

        return [.. taken];
    }

    private static long BakedWeights(byte[] model, CompileOptions compile)
    {
        var plan = ModelCompilation.Plan(new ModelSource("quantised", model, _ => null), compile);
        return plan.Description?.WeightBytes ?? throw new CompressionException(string.Join(" ", plan.Problems.Select(p => p.Message)));
    }
}
