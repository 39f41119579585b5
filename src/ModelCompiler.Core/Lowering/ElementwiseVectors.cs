using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;

namespace ModelCompiler.Lowering;

/// <summary>Which element-wise expressions are computed in vectors.</summary>
internal static class ElementwiseVectors
{
    /// <summary>The element type of the lanes, or null where the expression stays scalar.</summary>
    public static ElementType? LaneElement(ElementwiseKernel kernel)
    {
        var operands = kernel.Inputs.Select(i => i.Element).Concat(kernel.Literals.Select(l => l.Element)).ToList();
        var output = kernel.StepElements[kernel.StepElements.Count - 1];

        // Truth values live in the lanes of what was compared: they are neither read nor written.
        if (operands.Contains(ElementType.Bool) || output == ElementType.Bool)
        {
            return null;
        }

        var types = operands.Concat(kernel.StepElements).Where(e => e != ElementType.Bool).Distinct().ToList();
        var areFloats =
            types.Contains(ElementType.Float32) && types.All(IsFloatInVectors) && !kernel.Literals.Any(l => l.Element.IsNarrowFloat());
        var lane = areFloats ? ElementType.Float32 : output;
        var mixes = areFloats || types.Count == 1 || types.All(t => t is ElementType.Float32 or ElementType.Int32);
        return
            mixes
            && ElementwiseRules.Numbers.Contains(lane)
            && kernel.RowLength * lane.SizeInBytes() >= 16
            && kernel.Steps.All(s => Supports(s.Operator, ElementsOf(kernel, s)))
            ? lane
            : null;
    }

    /// <summary>Types that are float32 in vectors: those of 16 bits are widened when they are read and rounded when they are stored.</summary>
    private static bool IsFloatInVectors(ElementType element) =>
        element is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16;

    /// <summary>Element types of a step's operands.</summary>
    public static ElementType[] ElementsOf(ElementwiseKernel kernel, ElementwiseStep step) => [.. step.Operands.Select(kernel.ElementOf)];

    private static bool Supports(Operator op, ElementType[] operands) =>
        op is Cast cast ? cast.To != ElementType.Bool && operands[0] != ElementType.Bool : ElementwiseRules.HasVectorForm(op, operands[0]);
}
