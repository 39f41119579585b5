using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Emit.Kernels;

internal static class TiledMatMulEmitter
{
    public static void Emit(TiledMatMulKernel kernel, KernelWriter writer)
    {
        var (code, product) = (writer.Code, kernel.Product);
        var open = new Stack<SourceWriter.Block>();
        for (var i = 0; i < product.Outer.Count; i++)
        {
            open.Push(code.For($"i{i}", 0, product.Outer[i].Count));
        }

        code.Line($"ref var a = ref Unsafe.Add(ref {writer.Input(0)}, {Offset(product, l => l.StrideA)});");
        code.Line($"ref var b = ref Unsafe.Add(ref {writer.Input(1)}, {Offset(product, l => l.StrideB)});");
        code.Line($"ref var target = ref Unsafe.Add(ref {writer.Output()}, {Offset(product, l => l.StrideOutput)});");
        foreach (var tiles in kernel.Plans.First(p => p.InstructionSet == writer.InstructionSet).Tiles)
        {
            Columns(kernel, writer, tiles);
        }

        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    private static void Columns(TiledMatMulKernel kernel, KernelWriter writer, TilePlan tiles)
    {
        var (code, product, columns) = (writer.Code, kernel.Product, tiles.Columns);
        using var block = code.For("column", columns.Column, columns.Column + (columns.Repeats * columns.Width), columns.Width);
        foreach (var rows in tiles.Pixels)
        {
            using var loop = code.For("row", rows.First, rows.First + (rows.Repeats * rows.Pixels), rows.Pixels);
            if (product.HasBias)
            {
                code.Line($"ref var bias = ref Unsafe.Add(ref {writer.Input(2)}, column);");
            }

            var tile = new FloatTile(code, columns, rows);
            var alpha = product.Alpha == 1 ? null : $"Vector{columns.Bits}.Create({Literals.Float(product.Alpha)})";

            // The factor is for the product alone: with one, the bias comes in at the end.
            tile.Begin(product.HasBias && alpha is null ? "bias" : null);
            code.Line($"ref var x = ref Unsafe.Add(ref a, row * {product.Inner.Count});");
            code.Line("ref var w = ref Unsafe.Add(ref b, column);");
            tile.Accumulate(product.Inner.Count, 0, rows.Pixels, product.Inner.Count);
            code.Line($"ref var y = ref Unsafe.Add(ref target, (row * {product.Columns.Count}) + column);");
            tile.Store("y", product.Columns.Count, product.Activation, alpha, product.HasBias && alpha is not null ? "bias" : null);
        }
    }

    private static string Offset(PlainMatMulKernel product, Func<PlainMatMulKernel.Loop, int> stride)
    {
        var terms = product
            .Outer.Select((loop, i) => (i, Stride: stride(loop)))
            .Where(t => t.Stride != 0)
            .Select(t => $"(i{t.i} * {t.Stride})");
        return string.Join(" + ", terms.DefaultIfEmpty("0"));
    }
}
