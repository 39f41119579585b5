namespace ModelCompiler.Compression.Pruning;

/// <summary>How much worse a model is when one layer alone is pruned.</summary>
/// <param name="Layer">Name of the layer, or of the first of those that lose channels together.</param>
/// <param name="Drops">The drop at each share, in ascending order of the shares.</param>
public sealed record LayerSensitivity(string Layer, IReadOnlyList<(double Share, double Drop)> Drops);

/// <summary>Finds out which layers bear pruning, and how much each can be pruned together with the others.</summary>
public static class Sensitivity
{
    /// <summary>Prunes one layer after the other and measures.</summary>
    /// <param name="layers">Names of the layers.</param>
    /// <param name="shares">The shares to try, between 0 and 1.</param>
    /// <param name="prune">Makes a model that is pruned in the given layers to the given shares and nowhere else.</param>
    /// <param name="measure">How much worse a model has become.</param>
    /// <param name="progress">Told after each measurement.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    public static IReadOnlyList<LayerSensitivity> Analyse(
        IReadOnlyList<string> layers,
        IReadOnlyList<double> shares,
        Func<IReadOnlyDictionary<string, double>, byte[]> prune,
        ModelDrop measure,
        Action? progress = null,
        CancellationToken cancellation = default
    ) =>
        [
            .. layers.Select(layer => new LayerSensitivity(
                layer,
                [
                    .. shares
                        .Order()
                        .Select(share =>
                        {
                            var drop = measure.Of(prune(new Dictionary<string, double> { [layer] = share }), cancellation);
                            progress?.Invoke();
                            return (share, drop);
                        }),
                ]
            )),
        ];

    /// <summary>
    /// Chooses a share for each layer: the largest at which the layer alone costs no more than a tolerance that is the same for all, and is
    /// as high as the pruned whole allows.
    /// </summary>
    /// <param name="layers">What single layers cost.</param>
    /// <param name="allowedDrop">Most that the whole may become worse.</param>
    /// <param name="prune">Makes a model that is pruned in the given layers to the given shares and nowhere else.</param>
    /// <param name="measure">How much worse a model has become.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    /// <returns>The shares by layer; layers that cannot be pruned at all are left out.</returns>
    public static IReadOnlyDictionary<string, double> Choose(
        IReadOnlyList<LayerSensitivity> layers,
        double allowedDrop,
        Func<IReadOnlyDictionary<string, double>, byte[]> prune,
        ModelDrop measure,
        CancellationToken cancellation = default
    )
    {
        var tolerances = layers.SelectMany(l => l.Drops).Select(d => d.Drop).Where(d => d <= allowedDrop).Distinct().Order().ToList();
        IReadOnlyDictionary<string, double> best = new Dictionary<string, double>();
        // The drop of the whole grows with the tolerance, or nearly so: halving finds the last that is allowed.
        var (low, high) = (0, tolerances.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var shares = Within(layers, tolerances[middle]);
            if (measure.Of(prune(shares), cancellation) <= allowedDrop)
            {
                (best, low) = (shares, middle + 1);
            }
            else
            {
                high = middle;
            }
        }

        return best;
    }

    private static Dictionary<string, double> Within(IReadOnlyList<LayerSensitivity> layers, double tolerance) =>
        layers
            .Select(l => (l.Layer, Share: l.Drops.Where(d => d.Drop <= tolerance).Select(d => d.Share).DefaultIfEmpty().Max()))
            .Where(l => l.Share > 0)
            .ToDictionary(l => l.Layer, l => l.Share);
}
