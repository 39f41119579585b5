using System.Globalization;
using ModelCompiler.Graphs.Movement;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Writes moves as loops around block copies, fills, or copies of single elements. Addresses are in bytes.</summary>
internal static class MovementEmitter
{
    /// <summary>Loops of this many steps or fewer around one element are written out.</summary>
    private const int MostUnrolled = 8;

    public static void Emit(MovementKernel kernel, KernelWriter writer)
    {
        var moves = kernel.Steps.Select(step => step.Move).ToArray();
        foreach (var input in moves.Where(m => !m.IsFill).Select(m => m.Input).Distinct())
        {
            writer.Code.Line($"ref byte from{input} = ref {writer.InputBytes(input)};");
        }

        foreach (var output in moves.Select(m => m.Output).Distinct())
        {
            writer.Code.Line($"ref byte to{output} = ref {writer.OutputBytes(output)};");
        }

        var size = kernel.ElementBytes;
        foreach (var (move, tile) in kernel.Steps)
        {
            if (tile is not null)
            {
                PlaneTileEmitter.Emit(writer, move, tile, size);
            }
            else
            {
                Loops(writer.Code, move, size, 0, new ByteAddress(move.From, size), new ByteAddress(move.To, size));
            }
        }
    }

    private static void Loops(SourceWriter code, Move move, int size, int depth, ByteAddress from, ByteAddress to)
    {
        if (depth == move.Axes.Count)
        {
            Run(code, move, size, 1, repeated: false, from, to);
            return;
        }

        var axis = move.Axes[depth];
        var innermost = depth == move.Axes.Count - 1;
        if (innermost && axis.To == 1 && (move.IsFill || axis.From is 0 or 1))
        {
            Run(code, move, size, axis.Size, axis.From == 0, from, to);
        }
        else if (innermost && axis.Size <= MostUnrolled)
        {
            for (var i = 0; i < axis.Size; i++)
            {
                Run(code, move, size, 1, repeated: false, from.Plus(i * axis.From), to.Plus(i * axis.To));
            }
        }
        else
        {
            var index = ((char)('a' + depth)).ToString();
            using var loop = code.For(index, 0, axis.Size);
            Loops(code, move, size, depth + 1, from.Plus(index, axis.From), to.Plus(index, axis.To));
        }
    }

    /// <summary>Writes adjacent elements of the target.</summary>
    private static void Run(SourceWriter code, Move move, int size, int count, bool repeated, ByteAddress from, ByteAddress to)
    {
        var target = $"ref {to.Of($"to{move.Output}")}";
        var type = UnsignedName(size);
        if (move.IsFill)
        {
            code.Line(
                IsOneByte(move.Fill, size)
                    ? $"Unsafe.InitBlockUnaligned({target}, {move.Fill & 255}, {count * size});"
                    : $"MemoryMarshal.CreateSpan(ref Unsafe.As<byte, {type}>({target}), {count}).Fill(0x{move.Fill.ToString("X", CultureInfo.InvariantCulture)});"
            );
            return;
        }

        var source = $"ref {from.Of($"from{move.Input}")}";
        code.Line(
            repeated && count > 1
                ? $"MemoryMarshal.CreateSpan(ref Unsafe.As<byte, {type}>({target}), {count}).Fill(Unsafe.ReadUnaligned<{type}>({source}));"
                : $"Unsafe.CopyBlockUnaligned({target}, {source}, {count * size});"
        );
    }

    private static bool IsOneByte(ulong bits, int size) => Enumerable.Range(0, size).All(i => ((bits >> (8 * i)) & 255) == (bits & 255));

    /// <summary>The C# type of a number of bytes.</summary>
    public static string UnsignedName(int bytes) =>
        bytes switch
        {
            1 => "byte",
            2 => "ushort",
            4 => "uint",
            _ => "ulong",
        };
}
