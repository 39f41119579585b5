using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class MatrixInverseEmitter
{
    public static void Emit(MatrixInverseKernel kernel, KernelWriter writer)
    {
        var (code, size) = (writer.Code, kernel.Size);
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        writer.Use(Code);
        using var matrices = code.For("matrix", 0, kernel.Matrices);
        code.Line($"var a = MemoryMarshal.CreateSpan(ref Unsafe.As<byte, {type}>(ref {KernelWriter.Scratch}), {size * size});");
        code.Line($"var inverse = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref {writer.Output()}, matrix * {size * size}), {size * size});");
        code.Line(
            $"MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref {writer.Input()}, matrix * {size * size}), {size * size}).CopyTo(a);"
        );
        code.Line($"Shared.Invert(a, inverse, {size});");
    }

    private static readonly SharedCode Code = new(
        "Invert",
        """
        internal static void Invert<T>(Span<T> a, Span<T> inverse, int size)
            where T : System.Numerics.IFloatingPointIeee754<T>
        {
            inverse.Clear();
            for (int i = 0; i < size; i++)
            {
                inverse[i * size + i] = T.One;
            }

            for (int column = 0; column < size; column++)
            {
                int pivot = column;
                for (int row = column + 1; row < size; row++)
                {
                    pivot = T.Abs(a[row * size + column]) > T.Abs(a[pivot * size + column]) ? row : pivot;
                }

                T scale = T.One / a[pivot * size + column];
                for (int i = 0; i < size; i++)
                {
                    (a[pivot * size + i], a[column * size + i]) = (a[column * size + i], a[pivot * size + i] * scale);
                    (inverse[pivot * size + i], inverse[column * size + i]) = (inverse[column * size + i], inverse[pivot * size + i] * scale);
                }

                for (int row = 0; row < size; row++)
                {
                    T factor = row == column ? T.Zero : a[row * size + column];
                    for (int i = 0; i < size; i++)
                    {
                        a[row * size + i] -= factor * a[column * size + i];
                        inverse[row * size + i] -= factor * inverse[column * size + i];
                    }
                }
            }
        }
        """
    );
}
