using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Writes the loops of an element-wise kernel: vectors along the innermost dimension, then what is left of it.</summary>
internal static class ElementwiseEmitter
{
    public static void Emit(ElementwiseKernel kernel, KernelWriter writer)
    {
        var outer = kernel.Sizes.Count - 1;
        var loops = new Stack<SourceWriter.Block>();
        for (var d = 0; d < outer; d++)
        {
            loops.Push(writer.Code.For($"i{d}", 0, kernel.Sizes[d]));
        }

        var rows = Enumerable.Range(0, kernel.Inputs.Count).Select(i => RowOf(writer.Input(i), kernel.Inputs[i].Strides, i)).ToArray();
        var output = RowOf(writer.Output(), OutputStrides(kernel.Sizes), null);
        EmitRow(kernel, writer, rows, output);
        while (loops.Count > 0)
        {
            loops.Pop().Dispose();
        }

        string RowOf(string operand, EquatableArray<int> strides, int? number)
        {
            var offset = Offset(strides, outer);
            if (offset.Length == 0)
            {
                return operand;
            }

            var row = "row" + (number?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "");
            writer.Code.Line($"ref var {row} = ref Unsafe.Add(ref {operand}, {offset});");
            return row;
        }
    }

    private static void EmitRow(ElementwiseKernel kernel, KernelWriter writer, string[] rows, string output)
    {
        var length = kernel.RowLength;
        var vectorised = 0;
        if (kernel.LaneElement is { } element)
        {
            var bits = VectorVariants.BitsFor(writer.InstructionSet, length, element);
            var lanes = new VectorLanes(writer, element, bits);
            vectorised = length / lanes.Lanes * lanes.Lanes;
            EmitVectors(kernel, writer, rows, output, lanes, vectorised);
        }

        if (vectorised < length)
        {
            using var loop = writer.Code.For("i", vectorised, length);
            var scalar = new ScalarLanes(writer, Result(kernel));
            var value = Expression(kernel, scalar, i => scalar.Load(rows[i], IsInvariant(kernel, i) ? "0" : "i"));
            writer.Code.Line(scalar.Store(value, output, "i"));
        }
    }

    private static void EmitVectors(ElementwiseKernel kernel, KernelWriter writer, string[] rows, string output, VectorLanes lanes, int end)
    {
        var invariant = new Dictionary<int, string>();
        for (var i = 0; i < rows.Length; i++)
        {
            if (IsInvariant(kernel, i))
            {
                invariant.Add(i, $"same{i}");
                writer.Code.Line($"var same{i} = {Of(kernel.Inputs[i].Element).Spread(rows[i])};");
            }
        }

        using var loop = writer.Code.For("i", 0, end, lanes.Lanes);
        var value = Expression(
            kernel,
            lanes,
            i => invariant.TryGetValue(i, out var name) ? name : Of(kernel.Inputs[i].Element).Load(rows[i], "i")
        );
        writer.Code.Line(Of(Result(kernel)).Store(value, output, "i"));

        VectorLanes Of(ElementType element) => (VectorLanes)lanes.With(element);
    }

    /// <summary>Writes all steps but the last as locals and returns the expression of the last.</summary>
    private static string Expression(ElementwiseKernel kernel, LaneCode code, Func<int, string> load)
    {
        var names = new List<string>();
        for (var i = 0; i < kernel.Inputs.Count; i++)
        {
            names.Add(code.Let(load(i)));
        }

        names.AddRange(kernel.Literals.Select(literal => LiteralIn(code.With(literal.Element), literal)));
        for (var s = 0; s < kernel.Steps.Count; s++)
        {
            var step = kernel.Steps[s];
            var elements = ElementwiseVectors.ElementsOf(kernel, step);
            var operands = step.Operands.Select(operand => names[operand]).ToArray();
            var isLast = s == kernel.Steps.Count - 1;
            // Storing a vector rounds by itself.
            var expression =
                isLast && code is VectorLanes && step.Operator is Cast { To: var to } && NarrowVectorCode.Serves(to)
                    ? operands[0]
                    : Apply(code, step.Operator, elements, operands);
            names.Add(isLast ? expression : code.Let(expression));
        }

        return names[names.Count - 1];
    }

    private static string Apply(LaneCode code, Operator op, ElementType[] elements, string[] operands) =>
        op switch
        {
            Unary unary => UnaryCode.Write(code.With(elements[0]), operands[0], unary),
            Binary binary => BinaryCode.Write(code.With(elements[0]), binary.Function, operands[0], operands[1]),
            Where => code.With(elements[1]).Select(operands[0], operands[1], operands[2]),
            Cast cast => code.With(cast.To).Convert(cast, elements[0], operands[0]),
            _ => throw new InvalidOperationException($"{op.Name} is not element-wise"),
        };

    private static string LiteralIn(LaneCode code, ScalarLiteral literal) =>
        code.Constant(
            literal.Element switch
            {
                ElementType.Bool => literal.Bits != 0 ? "true" : "false",
                ElementType.Float16 => $"BitConverter.UInt16BitsToHalf({Literals.Integer(ElementType.UInt16, literal.Bits)})",
                ElementType.Float32 => Literals.FloatOfBits(unchecked((int)literal.Bits)),
                ElementType.Float64 => Literals.Double(BitConverter.Int64BitsToDouble(literal.Bits)),
                _ => Literals.Integer(literal.Element, literal.Bits),
            }
        );

    private static ElementType Result(ElementwiseKernel kernel) => kernel.StepElements[kernel.StepElements.Count - 1];

    private static bool IsInvariant(ElementwiseKernel kernel, int input) =>
        kernel.Inputs[input].Strides is var strides && strides[strides.Count - 1] == 0;

    private static int[] OutputStrides(EquatableArray<int> sizes)
    {
        var strides = new int[sizes.Count];
        var stride = 1;
        for (var d = sizes.Count - 1; d >= 0; d--)
        {
            strides[d] = stride;
            stride *= sizes[d];
        }

        return strides;
    }

    private static string Offset(EquatableArray<int> strides, int loops) =>
        string.Join(
            " + ",
            Enumerable.Range(0, loops).Where(d => strides[d] != 0).Select(d => strides[d] == 1 ? $"i{d}" : $"i{d} * {strides[d]}")
        );
}
