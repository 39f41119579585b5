using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels;

internal static class PlainMatMulEmitter
{
    public static void Emit(PlainMatMulKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        var isFloat = writer.Step.Outputs[0].Type.Element is ElementType.Float32 or ElementType.Float64;
        var open = new Stack<SourceWriter.Block>();
        var loops = kernel.Outer.Append(kernel.Rows).Append(kernel.Columns).ToArray();
        for (var i = 0; i < loops.Length; i++)
        {
            open.Push(code.For($"i{i}", 0, loops[i].Count));
        }

        code.Line($"{type} sum = 0;");
        using (code.For("k", 0, kernel.Inner.Count))
        {
            var a = Offset(loops.Select(l => l.StrideA), kernel.Inner.StrideA);
            var b = Offset(loops.Select(l => l.StrideB), kernel.Inner.StrideB);
            code.Line($"sum += Unsafe.Add(ref {writer.Input(0)}, {a}) * Unsafe.Add(ref {writer.Input(1)}, {b});");
        }

        var result = kernel.Alpha == 1 || !isFloat ? "sum" : $"(sum * {Literals.Float(kernel.Alpha)})";
        if (kernel.HasBias)
        {
            result = $"({result} + Unsafe.Add(ref {writer.Input(2)}, i{loops.Length - 1}))";
        }

        var target = Offset(loops.Select(l => l.StrideOutput), 0);
        code.Line($"Unsafe.Add(ref {writer.Output()}, {target}) = {(isFloat ? ClampText.Scalar(kernel.Activation, result) : result)};");
        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    private static string Offset(IEnumerable<int> strides, int inner)
    {
        var terms = strides.Select((stride, i) => (Name: $"i{i}", Stride: stride)).Append(("k", inner)).Where(t => t.Item2 != 0).ToArray();
        return terms.Length == 0 ? "0" : string.Join(" + ", terms.Select(t => t.Item2 == 1 ? t.Item1 : $"({t.Item1} * {t.Item2})"));
    }
}
