using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

/// <summary>Gaussian elimination; the pivot is the greatest element of its column.</summary>
internal static class DeterminantEmitter
{
    public static void Emit(DeterminantKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var (size, elements) = (kernel.Size, kernel.Size * kernel.Size);
        code.Line($"ref double a = ref Unsafe.As<byte, double>(ref {KernelWriter.Scratch});");
        using var matrix = code.For("matrix", 0, kernel.Matrices);
        using (code.For("i", 0, elements))
        {
            code.Line($"Unsafe.Add(ref a, i) = Unsafe.Add(ref {writer.Input()}, matrix * {elements} + i);");
        }

        code.Line("double determinant = 1;");
        code.Lines(
            $$"""
            for (nint column = 0; column < {{size}}; column++)
            {
                nint pivot = column;
                for (nint row = column + 1; row < {{size}}; row++)
                {
                    pivot = Math.Abs({{At("row", "column")}}) > Math.Abs({{At("pivot", "column")}}) ? row : pivot;
                }

                double scale = {{At("pivot", "column")}};
                determinant *= pivot == column ? scale : -scale;
                if (scale == 0)
                {
                    break;
                }

                for (nint k = column; k < {{size}} && pivot != column; k++)
                {
                    ({{At("column", "k")}}, {{At("pivot", "k")}}) = ({{At("pivot", "k")}}, {{At("column", "k")}});
                }

                for (nint row = column + 1; row < {{size}}; row++)
                {
                    double factor = {{At("row", "column")}} / scale;
                    for (nint k = column + 1; k < {{size}}; k++)
                    {
                        {{At("row", "k")}} -= factor * {{At("column", "k")}};
                    }
                }
            }
            """
        );
        code.Line($"Unsafe.Add(ref {writer.Output()}, matrix) = ({KernelWriter.TypeName(writer.Step.Outputs[0])})determinant;");

        string At(string row, string column) => $"Unsafe.Add(ref a, {row} * {size} + {column})";
    }
}
