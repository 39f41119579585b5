using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

/// <summary>Writes a loop around the calls of its body's steps.</summary>
internal static class LoopEmitter
{
    public static void Emit(LoopKernel kernel, KernelWriter writer)
    {
        EmitLocals(kernel, writer);
        var code = writer.Code;
        using (code.Open($"for (long iteration = 0; {Condition(kernel, writer)}; iteration++)"))
        {
            EmitSlices(kernel, writer);
            if (kernel.Body.Reads(0))
            {
                code.Line("Unsafe.As<byte, long>(ref number) = iteration;");
            }

            new BodyEmitter(writer, i => BodyInput(kernel, i), i => BodyOutput(kernel, i)).Emit(kernel.Body);
            if (kernel.HasCondition)
            {
                code.Line("goesOn = Unsafe.As<byte, bool>(ref decision);");
            }

            for (var i = 0; i < kernel.Carried.Count; i++)
            {
                code.Line(Copy($"carried{i}", $"next{i}", kernel.Carried[i].Bytes));
            }
        }
    }

    private static void EmitLocals(LoopKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        string Scratch(int offset) => offset == 0 ? $"ref {KernelWriter.Scratch}" : $"ref Unsafe.Add(ref {KernelWriter.Scratch}, {offset})";
        if (kernel.Body.Reads(0))
        {
            code.Line($"ref byte number = {Scratch(0)};");
        }

        for (var i = 0; i < kernel.Carried.Count; i++)
        {
            code.Line($"ref byte carried{i} = ref {writer.OutputBytes(i)};");
            code.Line($"ref byte next{i} = {Scratch(kernel.NextOffset(i))}; // {kernel.Carried[i]}");
            code.Line(Copy($"carried{i}", writer.InputBytes(kernel.FirstCarried + i), kernel.Carried[i].Bytes));
        }

        for (var i = 0; i < kernel.Scanned.Count; i++)
        {
            code.Line($"ref byte scanned{i} = ref {writer.InputBytes(kernel.FirstCarried + kernel.Carried.Count + i)};");
        }

        for (var i = 0; i < kernel.Stacked.Count; i++)
        {
            code.Line($"ref byte stacked{i} = ref {writer.OutputBytes(kernel.Carried.Count + i)};");
        }

        var captured = kernel.FirstCarried + kernel.Carried.Count + kernel.Scanned.Count;
        for (var i = captured; i < writer.Step.Inputs.Count; i++)
        {
            if (kernel.Body.Reads(1 + i - kernel.FirstCarried))
            {
                code.Line($"ref byte given{i - captured} = ref {writer.InputBytes(i)};");
            }
        }

        if (kernel.Body.UsesArena)
        {
            code.Line($"ref byte {BodyEmitter.Arena} = {Scratch(kernel.ArenaOffset)};");
        }

        if (kernel.HasCondition)
        {
            code.Line($"ref byte decision = {Scratch(LoopKernel.ConditionOffset)};");
            code.Line($"bool goesOn = {(kernel.HasStart ? Start(kernel, writer) : "true")};");
        }
    }

    /// <summary>Where the slices of an iteration lie.</summary>
    private static void EmitSlices(LoopKernel kernel, KernelWriter writer)
    {
        for (var i = 0; i < kernel.Scanned.Count; i++)
        {
            writer.Code.Line($"ref byte read{i} = ref Unsafe.Add(ref scanned{i}, (nint)iteration * {kernel.Scanned[i].Bytes});");
        }

        for (var i = 0; i < kernel.Stacked.Count; i++)
        {
            writer.Code.Line($"ref byte written{i} = ref Unsafe.Add(ref stacked{i}, (nint)iteration * {kernel.Stacked[i].Bytes});");
        }
    }

    private static string Condition(LoopKernel kernel, KernelWriter writer)
    {
        var counted = kernel.HasTrips
            ? kernel.Trips is { } trips
                ? $"iteration < {trips}"
                : $"iteration < {writer.Input()}"
            : kernel.Trips is { } known
                ? $"iteration < {known}"
                : "";
        var asked =
            kernel.HasCondition ? "goesOn"
            : kernel.HasStart ? Start(kernel, writer)
            : "";
        return counted.Length > 0 && asked.Length > 0 ? $"{counted} && {asked}" : counted + asked;
    }

    private static string Start(LoopKernel kernel, KernelWriter writer) => writer.Input(kernel.HasTrips ? 1 : 0);

    private static string BodyInput(LoopKernel kernel, int input) =>
        input == 0 ? "number"
        : input <= kernel.Carried.Count ? $"carried{input - 1}"
        : input <= kernel.Carried.Count + kernel.Scanned.Count ? $"read{input - 1 - kernel.Carried.Count}"
        : $"given{input - 1 - kernel.Carried.Count - kernel.Scanned.Count}";

    private static string BodyOutput(LoopKernel kernel, int output)
    {
        var carried = kernel.HasCondition ? output - 1 : output;
        return carried < 0 ? "decision"
            : carried < kernel.Carried.Count ? $"next{carried}"
            : $"written{carried - kernel.Carried.Count}";
    }

    private static string Copy(string to, string from, int bytes) => $"Unsafe.CopyBlockUnaligned(ref {to}, ref {from}, {bytes});";
}
