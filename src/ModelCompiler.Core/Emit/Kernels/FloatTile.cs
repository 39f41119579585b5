using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Emit.Kernels;

/// <summary>
/// Writes the inner loops of sums of products in registers: accumulators a{pixel}_{vector}, one broadcast input a pixel, one
/// vector of weights for each vector of columns.
/// </summary>
internal sealed class FloatTile(SourceWriter code, ColumnRun columns, PixelRun pixels)
{
    private string Type => $"Vector{columns.Bits}";

    /// <summary>Declares the accumulators, at the bias of their columns or at zero.</summary>
    /// <param name="bias">A ref to the bias of the first column; null for none.</param>
    public void Begin(string? bias)
    {
        for (var p = 0; p < pixels.Pixels; p++)
        {
            for (var v = 0; v < columns.Vectors; v++)
            {
                for (var s = 0; s < pixels.Split; s++)
                {
                    var start =
                        bias is null || s > 0 ? $"{Type}<float>.Zero"
                        : p > 0 ? Sum(0, v, 0)
                        : $"{Type}.LoadUnsafe(ref {bias}, {v * columns.Lanes})";
                    code.Line($"var {Sum(p, v, s)} = {start};");
                }
            }
        }
    }

    /// <summary>
    /// Adds products to the sums of some of the pixels. Reads <c>x</c> and <c>w</c>, refs that it moves on to the end of what
    /// was read.
    /// </summary>
    /// <param name="count">Number of summands, which are adjacent in the input.</param>
    /// <param name="first">The first pixel that counts; x points to its first summand.</param>
    /// <param name="last">The one behind the last.</param>
    /// <param name="pixelStride">Elements from one pixel to the next.</param>
    public void Accumulate(int count, int first, int last, int pixelStride)
    {
        var step = first == 0 && last == pixels.Pixels && count >= pixels.Split ? pixels.Split : 1;
        using (count / step == 1 ? code.Open() : code.For("k", 0, count / step))
        {
            Products(step, first, last, pixelStride);
        }

        for (var rest = 0; rest < count % step; rest++)
        {
            using (code.Open())
            {
                Products(1, first, last, pixelStride);
            }
        }
    }

    /// <summary>Finishes the sums and stores them.</summary>
    /// <param name="target">A ref to the first column of the first pixel.</param>
    /// <param name="pixelStride">Elements from one pixel of the output to the next.</param>
    /// <param name="activation">Bounds of the results.</param>
    /// <param name="scale">A factor of the sums; null for none.</param>
    /// <param name="bias">A ref to what is added after the factor; null for none.</param>
    public void Store(string target, int pixelStride, Clamp activation, string? scale = null, string? bias = null)
    {
        for (var p = 0; p < pixels.Pixels; p++)
        {
            for (var v = 0; v < columns.Vectors && v * columns.Lanes < columns.Stored; v++)
            {
                var sum = Enumerable.Range(0, pixels.Split).Select(s => Sum(p, v, s)).Aggregate((a, b) => $"{a} + {b}");
                sum = scale is null ? sum : $"({sum}) * {scale}";
                sum = bias is null ? sum : $"{sum} + {Type}.LoadUnsafe(ref {bias}, {v * columns.Lanes})";
                var lanes = Math.Min(columns.Lanes, columns.Stored - (v * columns.Lanes));
                var result = ClampText.Vector(activation, columns.Bits, sum);
                VectorStore.Write(code, result, columns.Bits, lanes, target, (p * pixelStride) + (v * columns.Lanes));
            }
        }
    }

    private void Products(int step, int first, int last, int pixelStride)
    {
        for (var s = 0; s < step; s++)
        {
            for (var v = 0; v < columns.Vectors; v++)
            {
                code.Line($"var w{v}_{s} = {Type}.LoadUnsafe(ref w, {(s * columns.SummandStride) + columns.OffsetOf(v)});");
            }

            for (var p = first; p < last; p++)
            {
                code.Line($"var x{p}_{s} = {Type}.Create(Unsafe.Add(ref x, {((p - first) * pixelStride) + s}));");
                for (var v = 0; v < columns.Vectors; v++)
                {
                    code.Line($"{Sum(p, v, s)} = {Type}.MultiplyAddEstimate(x{p}_{s}, w{v}_{s}, {Sum(p, v, s)});");
                }
            }
        }

        code.Line($"x = ref Unsafe.Add(ref x, {step});");
        code.Line($"w = ref Unsafe.Add(ref w, {step * columns.SummandStride});");
    }

    private string Sum(int pixel, int vector, int split) => pixels.Split == 1 ? $"a{pixel}_{vector}" : $"a{pixel}_{vector}_{split}";
}
