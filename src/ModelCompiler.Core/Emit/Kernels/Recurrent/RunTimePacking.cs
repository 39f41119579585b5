using ModelCompiler.Lowering.Kernels.Recurrent;

namespace ModelCompiler.Emit.Kernels.Recurrent;

/// <summary>Writes what <see cref="RecurrentLayout.Pack"/> does at build time, for weights that only come at run time.</summary>
internal static class RunTimePacking
{
    public static void Emit(RecurrentLayout layout, int directions, string source, SourceWriter code)
    {
        code.Line("nint packed = 0;");
        using var loop = code.For("direction", 0, directions);
        foreach (var group in layout.Groups)
        {
            if (layout.FullBlocks > 0)
            {
                using var blocks = code.For("block", 0, layout.FullUnits, RecurrentLayout.BlockUnits);
                Block(layout, group, source, "block", RecurrentLayout.BlockUnits, code);
            }

            if (layout.TailUnits > 0)
            {
                Block(layout, group, source, $"{layout.FullUnits}", layout.TailUnits, code);
            }
        }
    }

    private static void Block(RecurrentLayout layout, GateGroup group, string source, string first, int width, SourceWriter code)
    {
        using var summands = code.For("summand", 0, layout.Hidden);
        using var gates = code.For("gate", group.First, group.First + group.Count);
        using var units = code.For("unit", first, $"{first} + {width}");
        var element = $"(((((direction * {layout.Gates}) + gate) * {layout.Hidden}) + unit) * {layout.Hidden}) + summand";
        code.Line($"Unsafe.Add(ref recurrence, packed++) = unit < {layout.Hidden} ? Unsafe.Add(ref {source}, {element}) : 0f;");
    }
}
