namespace ModelCompiler.Lowering.Tiling;

/// <summary>Keeps tiles that padding reaches into apart from those that lie inside.</summary>
internal static class BorderTiles
{
    /// <summary>Tiles that padding reaches into stand alone, so that their taps can be written out; the others stay in loops.</summary>
    public static VariantPlan Separate(ConvGeometry geometry, VariantPlan plan) =>
        plan with
        {
            Tiles = plan.Tiles.Select(t => t with { Pixels = t.Pixels.SelectMany(run => Separate(geometry, run)).ToArray() }).ToArray(),
        };

    public static IEnumerable<PixelRun> Separate(ConvGeometry geometry, PixelRun run)
    {
        PixelRun? open = null;
        for (var i = 0; i < run.Repeats; i++)
        {
            var tile = run with { First = run.First + (i * run.Pixels), Repeats = 1 };
            if (geometry.IsInterior(tile.First, tile.Pixels))
            {
                open = open is null ? tile : open with { Repeats = open.Repeats + 1 };
                continue;
            }

            if (open is not null)
            {
                yield return open;
                open = null;
            }

            yield return tile;
        }

        if (open is not null)
        {
            yield return open;
        }
    }
}
