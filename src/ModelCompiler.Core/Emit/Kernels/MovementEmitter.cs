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
        foreach (var input in kernel.Moves.Where(m => !m.IsFill).Select(m => m.Input).Distinct())
        {
            writer.Code.Line($"ref byte from{input} = ref {writer.InputBytes(input)};");
        }

        foreach (var output in kernel.Moves.Select(m => m.Output).Distinct())
        {
            writer.Code.Line($"ref byte to{output} = ref {writer.OutputBytes(output)};");
        }

        foreach (var move in kernel.Moves)
        {
            Loops(
                writer.Code,
                move,
                kernel.ElementBytes,
                0,
                new Address(move.From, kernel.ElementBytes),
                new Address(move.To, kernel.ElementBytes)
            );
        }
    }

    private static void Loops(SourceWriter code, Move move, int size, int depth, Address from, Address to)
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
    private static void Run(SourceWriter code, Move move, int size, int count, bool repeated, Address from, Address to)
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

    /// <summary>A sum of a constant and multiples of loop variables, in bytes.</summary>
    private sealed class Address(int elements, int size, string terms = "")
    {
        public Address Plus(int more) => new(elements + more, size, terms);

        public Address Plus(string index, int stride) =>
            stride == 0 ? this : new(elements, size, $"{terms}{(stride < 0 ? " - " : " + ")}{index} * {Math.Abs(stride) * size}");

        public string Of(string reference)
        {
            var start = (elements * size).ToString(CultureInfo.InvariantCulture);
            return elements == 0 && terms.Length == 0 ? reference
                : elements == 0 && terms.StartsWith(" + ", StringComparison.Ordinal) ? $"Unsafe.Add(ref {reference}, {terms.Substring(3)})"
                : $"Unsafe.Add(ref {reference}, {start}{terms})";
        }
    }
}
