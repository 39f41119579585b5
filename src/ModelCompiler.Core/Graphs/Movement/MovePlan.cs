using System.Runtime.InteropServices;

namespace ModelCompiler.Graphs.Movement;

/// <summary>What the users of <see cref="IMovement"/> share: simplified moves, and their evaluation on constants.</summary>
internal static class MovePlan
{
    /// <summary>The moves of a node in as few loops as possible, without those that move nothing.</summary>
    public static Move[] Of(IMovement movement, IReadOnlyList<TensorType> inputs, IReadOnlyList<TensorType> outputs) =>
        [.. movement.Moves(inputs, outputs).Where(m => m.Elements > 0).Select(m => m.Simplified())];

    /// <summary>Carries the moves out on constants of any element type.</summary>
    public static Tensor[] Evaluate(IMovement movement, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    {
        var outputs = types.Select(t => new byte[t.Bytes]).ToArray();
        foreach (var move in Of(movement, [.. inputs.Select(i => i!.Type)], types))
        {
            var size = types[move.Output].Element.SizeInBytes();
            var source = move.IsFill ? MemoryMarshal.AsBytes<ulong>([move.Fill]) : inputs[move.Input]!.Bytes;
            Carry(move, 0, source, move.From, outputs[move.Output], move.To, size);
        }

        return [.. types.Zip(outputs, Tensor.FromBytes)];
    }

    private static void Carry(Move move, int depth, ReadOnlySpan<byte> source, int from, byte[] target, int to, int size)
    {
        if (depth == move.Axes.Count)
        {
            source.Slice(from * size, size).CopyTo(target.AsSpan(to * size));
            return;
        }

        var axis = move.Axes[depth];
        if (depth == move.Axes.Count - 1 && axis is { From: 1, To: 1 })
        {
            source.Slice(from * size, axis.Size * size).CopyTo(target.AsSpan(to * size));
            return;
        }

        for (var i = 0; i < axis.Size; i++)
        {
            Carry(move, depth + 1, source, from + (i * axis.From), target, to + (i * axis.To), size);
        }
    }
}
