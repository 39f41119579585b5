using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

internal static class BranchEmitter
{
    public static void Emit(BranchKernel kernel, KernelWriter writer)
    {
        var (code, step) = (writer.Code, writer.Step);
        if (kernel.Bodies.Any(b => b.UsesArena))
        {
            // Tensors without elements have a place there, too, though the arena may have no bytes.
            BodyEmitter.DeclareArena(writer, step.Scratch is null ? writer.OutputBytes() : KernelWriter.Scratch);
        }

        var body = new BodyEmitter(
            writer,
            i => new(writer.Input(i + 1), step.Inputs[i + 1].Type.Element),
            i => new(writer.Output(i), step.Outputs[i].Type.Element)
        );
        using (code.Open($"if ({writer.Input()})"))
        {
            body.Emit(kernel.Then);
        }

        using (code.Open("else"))
        {
            body.Emit(kernel.Else);
        }
    }
}
