using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

internal static class BranchEmitter
{
    public static void Emit(BranchKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        for (var i = 1; i < writer.Step.Inputs.Count; i++)
        {
            if (kernel.Bodies.Any(b => b.Reads(i - 1)))
            {
                code.Line($"ref byte given{i - 1} = ref {writer.InputBytes(i)};");
            }
        }

        for (var i = 0; i < writer.Step.Outputs.Count; i++)
        {
            code.Line($"ref byte result{i} = ref {writer.OutputBytes(i)};");
        }

        if (kernel.Bodies.Any(b => b.UsesArena))
        {
            code.Line($"ref byte {BodyEmitter.Arena} = ref {(writer.Step.Scratch is null ? "result0" : KernelWriter.Scratch)};");
        }

        var body = new BodyEmitter(writer, i => $"given{i}", i => $"result{i}");
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
