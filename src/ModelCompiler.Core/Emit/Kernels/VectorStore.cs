namespace ModelCompiler.Emit.Kernels;

/// <summary>Stores of vectors of float, whole or only their first lanes.</summary>
internal static class VectorStore
{
    /// <summary>Writes the store of the first <paramref name="lanes"/> lanes of an expression.</summary>
    public static void Write(SourceWriter code, string vector, int bits, int lanes, string target, int offset)
    {
        if (lanes == bits / 32)
        {
            code.Line($"({vector}).StoreUnsafe(ref {target}, {offset});");
            return;
        }

        using (code.Open())
        {
            code.Line($"var result = {vector};");
            WritePart(code, "result", bits, lanes, target, offset);
        }
    }

    private static void WritePart(SourceWriter code, string vector, int bits, int lanes, string target, int offset)
    {
        if (lanes == bits / 32)
        {
            code.Line($"{vector}.StoreUnsafe(ref {target}, {offset});");
        }
        else if (bits == 128)
        {
            for (var lane = 0; lane < lanes; lane++)
            {
                code.Line($"Unsafe.Add(ref {target}, {offset + lane}) = {vector}.GetElement({lane});");
            }
        }
        else
        {
            var half = bits / 64;
            WritePart(code, $"{vector}.GetLower()", bits / 2, Math.Min(half, lanes), target, offset);
            if (lanes > half)
            {
                WritePart(code, $"{vector}.GetUpper()", bits / 2, lanes - half, target, offset + half);
            }
        }
    }
}
