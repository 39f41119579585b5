using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

internal static class QuantizedBinaryEmitter
{
    public static void Emit(QuantizedBinaryKernel kernel, KernelWriter writer)
    {
        var (code, text, op) = (writer.Code, new ByteText(writer), kernel.Operator);
        foreach (var (name, value) in Constants(op))
        {
            code.Line($"var {name} = {text.All(value)};");
        }

        var open = new Stack<SourceWriter.Block>();
        var outer = kernel.Sizes.Count - 1;
        for (var loop = 0; loop < outer; loop++)
        {
            open.Push(code.For($"i{loop}", 0, kernel.Sizes[loop]));
        }

        code.Line($"ref var a = ref {Start(writer.Input(0), kernel.AStrides, outer)};");
        code.Line($"ref var b = ref {Start(writer.Input(1), kernel.BStrides, outer)};");
        code.Line($"ref var y = ref {Start(writer.Output(), OutputStrides(kernel), outer)};");
        EmitRow(kernel, writer, text);
        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    /// <summary>Everything of the formulas that does not depend on the elements.</summary>
    private static IEnumerable<(string Name, float Value)> Constants(QuantizedBinary op)
    {
        if (op.Function == QuantizedFunction.Add)
        {
            var (a, b) = ((float)(op.A.Scale / op.Y.Scale), (float)(op.B.Scale / op.Y.Scale));
            yield return ("ra", a);
            yield return ("rb", b);
            yield return ("f", (float)(op.Y.ZeroPoint - (float)((float)(a * op.A.ZeroPoint) + (float)(b * op.B.ZeroPoint))));
        }
        else
        {
            yield return ("s", (float)((float)(op.A.Scale * op.B.Scale) / op.Y.Scale));
            yield return ("zero", op.Y.ZeroPoint);
        }

        yield return ("low", op.Low);
        yield return ("high", op.High);
    }

    private static void EmitRow(QuantizedBinaryKernel kernel, KernelWriter writer, ByteText text)
    {
        var (code, op) = (writer.Code, kernel.Operator);
        var last = kernel.Sizes.Count - 1;
        var (size, aStep, bStep) = (kernel.Sizes[last], kernel.AStrides[last], kernel.BStrides[last]);
        var type = KernelWriter.TypeName(writer.Step.Outputs[0]);
        var offset = ByteText.Offset(op.Storage, op.Y.Element);
        var vectors = size / text.Block * text.Block;
        if (vectors > 0)
        {
            DeclareRepeated(code, "a", aStep, Centre(op, op.A), text);
            DeclareRepeated(code, "b", bStep, Centre(op, op.B), text);
            using (code.For("i", 0, vectors, text.Block))
            {
                for (var part = 0; part < ByteText.Parts; part++)
                {
                    var at = part * text.Lanes;
                    string Operand(string name, int step, Quantization q) =>
                        step == 0
                            ? $"all{name}"
                            : Centred(text.Floats($"Unsafe.Add(ref {name}, i + {at})"), Centre(op, q), text.All((float)Centre(op, q)));
                    var value = Formula(op, Operand("a", aStep, op.A), Operand("b", bStep, op.B), text.Vector, "");
                    code.Line(
                        $"var v{part} = {text.Rounded(text.Clamped(value, "low", "high"))}{Plus(offset, text.All(Math.Abs(offset)))};"
                    );
                }

                code.Line(text.Store("v0, v1, v2, v3", "Unsafe.Add(ref y, i)"));
            }
        }

        if (vectors < size)
        {
            using (code.For("i", vectors, size))
            {
                string Operand(string name, int step, Quantization q) =>
                    Centred($"(float)Unsafe.Add(ref {name}, {(step == 0 ? "0" : "i")})", Centre(op, q), Literals.Float(Centre(op, q)));
                var value = Formula(op, Operand("a", aStep, op.A), Operand("b", bStep, op.B), "MathF", ".ToScalar()");
                var rounded = ByteText.ScalarRounded(value, "low.ToScalar()", "high.ToScalar()");
                code.Line(
                    $"Unsafe.Add(ref y, i) = ({type})({rounded}{Plus(offset, Math.Abs(offset).ToString(System.Globalization.CultureInfo.InvariantCulture))});"
                );
            }
        }
    }

    /// <summary>An operand that is the same in the whole row.</summary>
    private static void DeclareRepeated(SourceWriter code, string name, int step, int centre, ByteText text)
    {
        if (step == 0)
        {
            code.Line($"var all{name} = {text.Vector}.Create({Centred($"(float){name}", centre, Literals.Float(centre))});");
        }
    }

    private static string Formula(QuantizedBinary op, string a, string b, string type, string scalar) =>
        op.Function == QuantizedFunction.Add
            ? $"{type}.FusedMultiplyAdd({a}, ra{scalar}, {type}.FusedMultiplyAdd({b}, rb{scalar}, f{scalar}))"
            : $"({a} * {b} * s{scalar} + zero{scalar})";

    /// <summary>What is taken from an element before the formula: a product needs the distance from the zero point, a sum the integer itself.</summary>
    private static int Centre(QuantizedBinary op, Quantization q) =>
        ByteText.Offset(op.Storage, q.Element) + (op.Function == QuantizedFunction.Mul ? q.ZeroPoint : 0);

    private static string Centred(string value, int centre, string text) => centre == 0 ? value : $"({value} - {text})";

    private static string Plus(int offset, string magnitude) =>
        offset == 0 ? ""
        : offset > 0 ? $" + {magnitude}"
        : $" - {magnitude}";

    private static int[] OutputStrides(QuantizedBinaryKernel kernel)
    {
        var strides = new int[kernel.Sizes.Count];
        var stride = 1;
        for (var loop = strides.Length - 1; loop >= 0; loop--)
        {
            strides[loop] = stride;
            stride *= kernel.Sizes[loop];
        }

        return strides;
    }

    private static string Start(string operand, IReadOnlyList<int> strides, int outer)
    {
        var terms = Enumerable.Range(0, outer).Where(loop => strides[loop] != 0).Select(loop => $"i{loop} * {strides[loop]}").ToList();
        return terms.Count == 0 ? operand : $"Unsafe.Add(ref {operand}, {string.Join(" + ", terms)})";
    }
}
