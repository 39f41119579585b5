using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

/// <summary>Writes the calls of a body's steps.</summary>
/// <param name="writer">Writes the method of the node.</param>
/// <param name="input">Name of the local that is a ref to the first byte of an input of the body.</param>
/// <param name="output">Name of the local that is a ref to the first byte of an output of the body.</param>
internal sealed class BodyEmitter(KernelWriter writer, Func<int, string> input, Func<int, string> output)
{
    /// <summary>Name of the local that is a ref to the first byte of the body's arena.</summary>
    public const string Arena = "arena";

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
            Place.ModelInput => Typed(operand, input(operand.Index)),
            Place.ModelOutput => Typed(operand, output(operand.Index)),
            Place.Arena => Typed(operand, Arena),
            _ => $"ref Weights.At<{KernelWriter.TypeName(operand)}>({operand.Offset})",
        };

    private static string Typed(Operand operand, string start)
    {
        var bytes = operand.Offset > 0 ? $"ref Unsafe.Add(ref {start}, {operand.Offset})" : $"ref {start}";
        return KernelWriter.TypeName(operand) is var type && type == "byte" ? bytes : $"ref Unsafe.As<byte, {type}>({bytes})";
    }
}
