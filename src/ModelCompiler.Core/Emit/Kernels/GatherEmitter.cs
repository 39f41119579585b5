using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class GatherEmitter
{
    public static void Emit(GatherKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        writer.Use(IndexCode);
        code.Line($"ref byte data = ref {writer.InputBytes(0)};");
        code.Line($"ref byte target = ref {writer.OutputBytes()};");
        using (code.For("i", 0, kernel.Indices))
        {
            code.Line($"nint position = Shared.Position(Unsafe.Add(ref {writer.Input(1)}, i), {kernel.Size});");
            if (kernel.Outer == 1)
            {
                Copy("");
            }
            else
            {
                using var outer = code.For("o", 0, kernel.Outer);
                Copy("o");
            }
        }

        void Copy(string outer)
        {
            var (from, to) =
                outer.Length == 0
                    ? ("", "")
                    : ($"{outer} * {kernel.Size * kernel.BlockBytes} + ", $"{outer} * {kernel.Indices * kernel.BlockBytes} + ");
            code.Line(
                $"Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref target, {to}i * {kernel.BlockBytes}), "
                    + $"ref Unsafe.Add(ref data, {from}position * {kernel.BlockBytes}), {kernel.BlockBytes});"
            );
        }
    }

    /// <summary>Turns an index, which may count from the end, into a position, and refuses those that are neither.</summary>
    public static readonly SharedCode IndexCode = new(
        "Position",
        """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static nint Position(long index, int size)
        {
            long position = index < 0 ? index + size : index;
            if ((ulong)position >= (ulong)size)
            {
                ThrowIndex(index, size);
            }

            return (nint)position;
        }

        private static void ThrowIndex(long index, int size) =>
            throw new ArgumentOutOfRangeException(nameof(index), index, $"the model gathers element {index} of a dimension of {size}");
        """
    );
}
