using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>A tensor that an element-wise kernel reads.</summary>
/// <param name="Element">Its element type.</param>
/// <param name="Strides">Elements to step in each loop of the kernel; 0 where it is broadcast. The innermost is 0 or 1.</param>
internal sealed record ElementwiseInput(ElementType Element, EquatableArray<int> Strides);

/// <summary>A constant of one element that is written into the code.</summary>
/// <param name="Element">Its element type.</param>
/// <param name="Bits">Its bits, zero-extended.</param>
internal sealed record ScalarLiteral(ElementType Element, long Bits);

/// <summary>An expression applied to every element of tensors that broadcast to the output's shape.</summary>
/// <param name="Sizes">The loops, outermost first: dimensions that all tensors walk through alike are one loop.</param>
/// <param name="Inputs">Tensors read.</param>
/// <param name="Literals">Constants of the expression.</param>
/// <param name="Steps">The expression; operands count the inputs first, then the literals, then the steps.</param>
/// <param name="StepElements">Element type of each step's result.</param>
/// <param name="LaneElement">The element type whose lanes the vectors have; null where the loops are scalar.</param>
/// <param name="Widths">The instruction sets whose vector widths are written out.</param>
internal sealed record ElementwiseKernel(
    EquatableArray<int> Sizes,
    EquatableArray<ElementwiseInput> Inputs,
    EquatableArray<ScalarLiteral> Literals,
    EquatableArray<ElementwiseStep> Steps,
    EquatableArray<ElementType> StepElements,
    ElementType? LaneElement,
    EquatableArray<InstructionSet> Widths
) : Kernel
{
    public override EquatableArray<InstructionSet> Variants => Widths;

    /// <summary>Elements that the innermost loop walks through.</summary>
    public int RowLength => Sizes[Sizes.Count - 1];

    /// <summary>Element type of an operand by its number.</summary>
    public ElementType ElementOf(int operand) =>
        operand < Inputs.Count ? Inputs[operand].Element
        : operand < Inputs.Count + Literals.Count ? Literals[operand - Inputs.Count].Element
        : StepElements[operand - Inputs.Count - Literals.Count];

    public override string Describe() =>
        $"{string.Join("+", Steps.Select(s => s.Operator.Name))} over {string.Join("×", Sizes)} elements"
        + (LaneElement is { } element ? $", vectors of {element}" : "");
}
