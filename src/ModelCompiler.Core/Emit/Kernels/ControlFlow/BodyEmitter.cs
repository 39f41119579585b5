using ModelCompiler.Graphs;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

/// <summary>A variable in the method of a node that an input or output of a body is.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Element">What it refers to the first of.</param>
internal readonly record struct BodyVariable(string Name, ElementType Element);

/// <summary>Writes the calls of a body's steps.</summary>
/// <param name="writer">Writes the method of the node.</param>
/// <param name="input">The variable of an input of the body.</param>
/// <param name="output">The variable of an output of the body.</param>
internal sealed class BodyEmitter(KernelWriter writer, Func<int, BodyVariable> input, Func<int, BodyVariable> output)
{
    private static readonly BodyVariable Arena = new("arena", ElementType.UInt8);

    /// <summary>Declares the variable of the body's arena.</summary>
    /// <param name="writer">Writes the method of the node.</param>
    /// <param name="start">The byte where it begins, to go behind <c>ref</c>.</param>
    public static void DeclareArena(KernelWriter writer, string start) => writer.Code.Line($"ref byte {Arena.Name} = ref {start};");

    public void Emit(BodyProgram body)
    {
        foreach (var step in body.Steps)
        {
            writer.Code.Line(writer.Call(step, step.Operands.Select(Argument)));
        }
    }

    private string Argument(Operand operand) =>
        operand.Place switch
        {
            Place.ModelInput => Reference(operand, input(operand.Index)),
            Place.ModelOutput => Reference(operand, output(operand.Index)),
            Place.Arena => Reference(operand, Arena),
            _ => $"ref Weights.At<{KernelWriter.TypeName(operand)}>({operand.Offset})",
        };

    private static string Reference(Operand operand, BodyVariable variable)
    {
        var (given, wanted) = (variable.Element.CSharpName(), KernelWriter.TypeName(operand));
        var start = operand.Offset > 0 ? $"ref Unsafe.AddByteOffset(ref {variable.Name}, {operand.Offset})" : $"ref {variable.Name}";
        return given == wanted ? start : $"ref Unsafe.As<{given}, {wanted}>({start})";
    }
}
