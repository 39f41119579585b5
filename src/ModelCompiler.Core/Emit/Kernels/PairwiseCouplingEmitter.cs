using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class PairwiseCouplingEmitter
{
    public static void Emit(PairwiseCouplingKernel kernel, KernelWriter writer)
    {
        writer.Use(Code);
        var pairs = kernel.Classes * (kernel.Classes - 1) / 2;
        writer.Code.Line($"ref float q = ref Unsafe.As<byte, float>(ref {KernelWriter.Scratch});");
        using var rows = writer.Code.For("row", 0, kernel.Rows);
        writer.Code.Line(
            $"Shared.CouplePairs(ref Unsafe.Add(ref {writer.Input()}, row * {pairs}), ref Unsafe.Add(ref {writer.Output()}, row * {kernel.Classes}), "
                + $"ref q, ref Unsafe.Add(ref q, {kernel.Classes * kernel.Classes}), {kernel.Classes});"
        );
    }

    /// <summary>Minimises pᵀQp over probabilities p, where Q is made of the pairs' probabilities.</summary>
    private static readonly SharedCode Code = new(
        "CouplePairs",
        """
        internal static void CouplePairs(ref float pairs, ref float p, ref float q, ref float qp, nint classes)
        {
            MemoryMarshal.CreateSpan(ref q, (int)(classes * classes)).Clear();
            nint pair = 0;
            for (nint i = 0; i < classes; i++)
            {
                Unsafe.Add(ref p, i) = 1f / classes;
                for (nint j = i + 1; j < classes; j++)
                {
                    float first = Unsafe.Add(ref pairs, pair++);
                    float second = 1 - first;
                    Unsafe.Add(ref q, i * classes + i) += second * second;
                    Unsafe.Add(ref q, j * classes + j) += first * first;
                    Unsafe.Add(ref q, i * classes + j) = -(second * first);
                    Unsafe.Add(ref q, j * classes + i) = -(second * first);
                }
            }

            for (int round = 0; round < 100; round++)
            {
                float pqp = 0;
                for (nint i = 0; i < classes; i++)
                {
                    float sum = 0;
                    for (nint j = 0; j < classes; j++)
                    {
                        sum += Unsafe.Add(ref q, i * classes + j) * Unsafe.Add(ref p, j);
                    }

                    Unsafe.Add(ref qp, i) = sum;
                    pqp += Unsafe.Add(ref p, i) * sum;
                }

                float error = 0;
                for (nint i = 0; i < classes; i++)
                {
                    error = Math.Max(error, Math.Abs(Unsafe.Add(ref qp, i) - pqp));
                }

                if (error < 0.005f / classes)
                {
                    return;
                }

                for (nint i = 0; i < classes; i++)
                {
                    float diagonal = Unsafe.Add(ref q, i * classes + i);
                    float step = (pqp - Unsafe.Add(ref qp, i)) / diagonal;
                    Unsafe.Add(ref p, i) += step;
                    pqp = (pqp + step * (step * diagonal + 2 * Unsafe.Add(ref qp, i))) / (1 + step) / (1 + step);
                    for (nint j = 0; j < classes; j++)
                    {
                        Unsafe.Add(ref qp, j) = (Unsafe.Add(ref qp, j) + step * Unsafe.Add(ref q, i * classes + j)) / (1 + step);
                        Unsafe.Add(ref p, j) /= 1 + step;
                    }
                }
            }
        }
        """
    );
}
