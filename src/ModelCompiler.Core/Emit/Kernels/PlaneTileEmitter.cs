using ModelCompiler.Graphs.Movement;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Writes a move that swaps two dimensions as tiles of vectors.</summary>
internal static class PlaneTileEmitter
{
    private const int VectorBytes = 16;

    public static void Emit(KernelWriter writer, Move move, PlaneTile tile, int size)
    {
        writer.Use(ZipCode);
        var (code, innermost) = (writer.Code, move.Axes.Count - 1);
        using var scope = code.Open($"// Tiles of {tile.Rows} vectors, turned in registers.");
        var (from, to) = (new ByteAddress(move.From, size), new ByteAddress(move.To, size));
        var blocks = new Stack<SourceWriter.Block>();
        for (var axis = 0; axis < innermost; axis++)
        {
            if (axis != tile.SourceAxis)
            {
                var index = ((char)('a' + axis)).ToString();
                blocks.Push(code.For(index, 0, move.Axes[axis].Size));
                from = from.Plus(index, move.Axes[axis].From);
                to = to.Plus(index, move.Axes[axis].To);
            }
        }

        // The longer dimension outside: then the cache lines of the shorter one are still there for the next tile.
        var (source, target) = (move.Axes[tile.SourceAxis], move.Axes[innermost]);
        if (target.Size > source.Size)
        {
            Open("row", target.Size, tile.Rows);
            Open("column", source.Size, VectorBytes / size);
        }
        else
        {
            Open("column", source.Size, VectorBytes / size);
            Open("row", target.Size, tile.Rows);
        }

        Tile(writer, move, tile, size, from.Plus("row", target.From).Plus("column", 1), to.Plus("column", source.To).Plus("row", 1));
        foreach (var block in blocks)
        {
            block.Dispose();
        }

        // The last tile overlaps the one before it, so that there is no remainder.
        void Open(string index, int length, int step)
        {
            if (length <= step)
            {
                code.Line($"const int {index} = 0;");
                return;
            }

            var tileIndex = length % step == 0 ? index : index + "Tile";
            blocks.Push(code.For(tileIndex, 0, length, step));
            if (tileIndex != index)
            {
                code.Line($"nint {index} = Math.Min({tileIndex}, {length - step});");
            }
        }
    }

    private static void Tile(KernelWriter writer, Move move, PlaneTile tile, int size, ByteAddress from, ByteAddress to)
    {
        var (code, target) = (writer.Code, move.Axes[move.Axes.Count - 1]);
        var type = "UInt" + (size * 8);
        for (var row = 0; row < tile.Rows; row++)
        {
            var present = Math.Min(row, target.Size - 1);
            var address = from.Plus(present * target.From).Of($"from{move.Input}");
            code.Line($"var r0_{row} = Vector128.LoadUnsafe(ref {address}){(size > 1 ? $".As{type}()" : "")};");
        }

        var stage = 0;
        for (var width = 1; width < tile.Rows; width *= 2, stage++)
        {
            for (var i = 0; i < tile.Rows / 2; i++)
            {
                var pair = $"r{stage}_{i}, r{stage}_{i + (tile.Rows / 2)}";
                code.Line($"var r{stage + 1}_{2 * i} = Shared.ZipLow({pair});");
                code.Line($"var r{stage + 1}_{(2 * i) + 1} = Shared.ZipHigh({pair});");
            }
        }

        var source = move.Axes[tile.SourceAxis];
        var columnBytes = tile.Rows * size;
        var columns = VectorBytes / columnBytes;
        for (var column = 0; column < Math.Min(source.Size, VectorBytes / size); column++)
        {
            var register = $"r{stage}_{column / columns}";
            var address = to.Plus(column * source.To).Of($"to{move.Output}");
            code.Line(
                columns == 1
                    ? $"{register}{(size > 1 ? ".AsByte()" : "")}.StoreUnsafe(ref {address});"
                    : $"Unsafe.WriteUnaligned(ref {address}, {register}.AsUInt{columnBytes * 8}().GetElement({column % columns}));"
            );
        }
    }

    /// <summary>Interleaving of the lower or upper halves of two vectors, which the portable vectors do not have.</summary>
    private static readonly SharedCode ZipCode = new(
        "Zip",
        string.Join(
            "\n\n",
            new[] { ("byte", 16), ("ushort", 8), ("uint", 4), ("ulong", 2) }.SelectMany(t =>
                new[] { Zip(t.Item1, t.Item2, "Low", 0), Zip(t.Item1, t.Item2, "High", t.Item2 / 2) }
            )
        )
    );

    private static string Zip(string type, int lanes, string half, int first)
    {
        string Indices(int lane) =>
            string.Join(", ", Enumerable.Range(0, lanes).Select(i => i % 2 == lane ? $"{first + (i / 2)}" : $"{type}.MaxValue"));
        return $"""
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            internal static Vector128<{type}> Zip{half}(Vector128<{type}> a, Vector128<{type}> b) =>
                Sse2.IsSupported ? Sse2.Unpack{half}(a, b)
                : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.Zip{half}(a, b)
                : Vector128.Shuffle(a, Vector128.Create({Indices(0)})) | Vector128.Shuffle(b, Vector128.Create({Indices(1)}));
            """;
    }
}
