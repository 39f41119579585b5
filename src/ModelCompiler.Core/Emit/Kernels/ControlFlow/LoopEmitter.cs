using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.ControlFlow;

namespace ModelCompiler.Emit.Kernels.ControlFlow;

/// <summary>Writes a loop around the calls of its body's steps.</summary>
internal static class LoopEmitter
{
    private const string Iteration = "iteration";
    private const string GoesOn = "goesOn";

    public static void Emit(LoopKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        EmitCarried(kernel, writer);
        if (kernel.Body.UsesArena)
        {
            BodyEmitter.DeclareArena(writer, Scratch(writer, kernel.ArenaOffset));
        }

        if (kernel.HasCondition)
        {
            code.Line($"bool {GoesOn} = {(kernel.HasStart ? Start(kernel, writer) : "true")};");
        }

        var declaration = $"long {Iteration} = 0";
        if (kernel.Counts)
        {
            code.Line(declaration + ";");
        }

        using (code.Open($"for ({(kernel.Counts ? "" : declaration)}; {Condition(kernel, writer)}; {Iteration}++)"))
        {
            EmitSlices(kernel, writer);
            new BodyEmitter(writer, i => BodyInput(kernel, writer, i), i => BodyOutput(kernel, i)).Emit(kernel.Body);
            for (var i = 0; i < kernel.Carried.Count; i++)
            {
                code.Line(Copy($"carried{i}", $"next{i}", kernel.Carried[i]));
            }
        }

        if (kernel.Counts)
        {
            EmitCount(kernel, writer);
        }
    }

    /// <summary>How many slices there are, and zeros in the place of the others.</summary>
    private static void EmitCount(LoopKernel kernel, KernelWriter writer)
    {
        for (var i = 0; i < kernel.Stacked.Count; i++)
        {
            var (slice, output) = (kernel.Stacked[i], writer.Output(kernel.Carried.Count + i));
            var rest = $"Unsafe.Add(ref {output}, (nint){Iteration} * {slice.Shape.Elements})";
            writer.Code.Line(
                $"Unsafe.InitBlockUnaligned(ref {Bytes(rest, slice)}, 0, (uint)(({kernel.Trips} - {Iteration}) * {slice.Bytes}));"
            );
        }

        writer.Code.Line($"{writer.Output(writer.Step.Outputs.Count - 1)} = (int){Iteration};");
    }

    private static void EmitCarried(LoopKernel kernel, KernelWriter writer)
    {
        for (var i = 0; i < kernel.Carried.Count; i++)
        {
            var (carried, type) = (kernel.Carried[i], kernel.Carried[i].Element.CSharpName());
            var next = $"ref {Scratch(writer, kernel.NextOffset(i))}";
            writer.Code.Line($"ref {type} carried{i} = ref {writer.Output(i)}; // {carried}");
            writer.Code.Line($"ref {type} next{i} = {(type == "byte" ? next : $"ref Unsafe.As<byte, {type}>({next})")};");
            writer.Code.Line(Copy($"carried{i}", writer.Input(kernel.FirstCarried + i), carried));
        }
    }

    /// <summary>Where the slices of an iteration lie.</summary>
    private static void EmitSlices(LoopKernel kernel, KernelWriter writer)
    {
        for (var i = 0; i < kernel.Scanned.Count; i++)
        {
            EmitSlice($"read{i}", writer.Input(kernel.FirstCarried + kernel.Carried.Count + i), kernel.Scanned[i]);
        }

        for (var i = 0; i < kernel.Stacked.Count; i++)
        {
            EmitSlice($"written{i}", writer.Output(kernel.Carried.Count + i), kernel.Stacked[i]);
        }

        void EmitSlice(string name, string whole, TensorType slice) =>
            writer.Code.Line(
                $"ref {slice.Element.CSharpName()} {name} = ref Unsafe.Add(ref {whole}, (nint){Iteration} * {slice.Shape.Elements});"
            );
    }

    private static string Condition(LoopKernel kernel, KernelWriter writer)
    {
        var counted =
            kernel.Trips is { } known ? $"{Iteration} < {known}"
            : kernel.HasTrips ? $"{Iteration} < {writer.Input()}"
            : "";
        var asked =
            kernel.HasCondition ? GoesOn
            : kernel.HasStart ? Start(kernel, writer)
            : "";
        return counted.Length > 0 && asked.Length > 0 ? $"{counted} && {asked}" : counted + asked;
    }

    private static string Start(LoopKernel kernel, KernelWriter writer) => writer.Input(kernel.HasTrips ? 1 : 0);

    private static BodyVariable BodyInput(LoopKernel kernel, KernelWriter writer, int input)
    {
        if (input == 0)
        {
            return new(Iteration, ElementType.Int64);
        }

        var carried = input - 1;
        var scanned = carried - kernel.Carried.Count;
        return carried < kernel.Carried.Count ? new($"carried{carried}", kernel.Carried[carried].Element)
            : scanned < kernel.Scanned.Count ? new($"read{scanned}", kernel.Scanned[scanned].Element)
            : new(writer.Input(kernel.FirstCarried + carried), writer.Step.Inputs[kernel.FirstCarried + carried].Type.Element);
    }

    private static BodyVariable BodyOutput(LoopKernel kernel, int output)
    {
        var carried = kernel.HasCondition ? output - 1 : output;
        var stacked = carried - kernel.Carried.Count;
        return carried < 0 ? new(GoesOn, ElementType.Bool)
            : stacked < 0 ? new($"next{carried}", kernel.Carried[carried].Element)
            : new($"written{stacked}", kernel.Stacked[stacked].Element);
    }

    private static string Scratch(KernelWriter writer, int offset) =>
        writer.Step.Scratch is null ? writer.OutputBytes()
        : offset == 0 ? KernelWriter.Scratch
        : $"Unsafe.Add(ref {KernelWriter.Scratch}, {offset})";

    private static string Copy(string to, string from, TensorType type) =>
        $"Unsafe.CopyBlockUnaligned(ref {Bytes(to, type)}, ref {Bytes(from, type)}, {type.Bytes});";

    private static string Bytes(string reference, TensorType type) =>
        type.Element.CSharpName() is var element && element == "byte" ? reference : $"Unsafe.As<{element}, byte>(ref {reference})";
}
