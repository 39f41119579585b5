using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Lowering;

/// <summary>Lowers element-wise operators, alone or in chains, to one loop nest.</summary>
internal static class ElementwiseLowering
{
    public static LoweredNode Lower(Operator op, Node node, LoweringContext context)
    {
        EquatableArray<ElementwiseStep> given = op is ElementwiseChain chain
            ? chain.Steps
            : (ElementwiseStep[])[new(op, Enumerable.Range(0, node.Inputs.Length).ToArray())];
        var all = node.Inputs.Select(i => i!).ToArray();
        var literals = all.Where(IsLiteral).Distinct().ToList();
        var inputs = all.Where(i => !IsLiteral(i)).Distinct().ToList();
        var steps = given.Select(s => s with { Operands = s.Operands.Select(Renumbered).ToArray() }).ToArray();

        var (sizes, strides) = LoopNest.Of(node.Output.Shape, [.. inputs.Select(i => i.Shape)]);
        var elements = StepElements(given, all);
        var kernel = new ElementwiseKernel(
            sizes,
            inputs.Select((input, i) => new ElementwiseInput(input.Element, strides[i])).ToArray(),
            literals.Select(LiteralOf).ToArray(),
            steps,
            elements,
            null,
            (InstructionSet[])[InstructionSet.Portable]
        );
        var lane = ElementwiseVectors.LaneElement(kernel);
        return new(
            lane is { } element
                ? kernel with
                {
                    LaneElement = element,
                    Widths = VectorVariants.Of(context.Target, kernel.RowLength, element),
                }
                : kernel,
            inputs.ToArray(),
            InPlaceInput: inputs.FindIndex(i => i.Constant is null && CanHold(i, node.Output))
        );

        int Renumbered(int operand)
        {
            if (operand >= all.Length)
            {
                return operand - all.Length + inputs.Count + literals.Count;
            }

            var value = all[operand];
            return IsLiteral(value) ? inputs.Count + literals.IndexOf(value) : inputs.IndexOf(value);
        }
    }

    private static bool IsLiteral(Value value) => value.Constant is not null && value.Shape.Elements == 1;

    private static bool CanHold(Value input, Value output) =>
        input.Shape.Elements == output.Shape.Elements && input.Element.SizeInBytes() == output.Element.SizeInBytes();

    private static ScalarLiteral LiteralOf(Value value)
    {
        var bytes = new byte[sizeof(long)];
        value.Constant!.Bytes.CopyTo(bytes);
        return new ScalarLiteral(value.Element, MemoryMarshal.Read<long>(bytes));
    }

    private static EquatableArray<ElementType> StepElements(EquatableArray<ElementwiseStep> steps, Value[] inputs)
    {
        var values = inputs.ToList();
        foreach (var step in steps)
        {
            var operands = step.Operands.Select(operand => (Value?)values[operand]).ToArray();
            values.Add(new Value("", step.Operator.Infer(new InferenceContext(operands))[0]));
        }

        return values.Skip(inputs.Length).Select(v => v.Element).ToArray();
    }
}
