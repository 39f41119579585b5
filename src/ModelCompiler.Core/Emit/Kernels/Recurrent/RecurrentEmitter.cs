using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Recurrent;

namespace ModelCompiler.Emit.Kernels.Recurrent;

/// <summary>
/// Writes a recurrent layer: for each direction and sequence the state is set up in scratch memory, taken through the time steps and
/// given out.
/// </summary>
internal static class RecurrentEmitter
{
    public static void Emit(RecurrentKernel kernel, KernelWriter writer)
    {
        var code = writer.Code;
        code.Line($"ref var state = ref Unsafe.As<byte, float>(ref {KernelWriter.Scratch});");
        if (kernel.Weights is { } weights)
        {
            code.Line($"ref var recurrence = {writer.Weights(weights)};");
        }
        else
        {
            code.Line($"ref var recurrence = ref Unsafe.Add(ref state, {kernel.StateElements});");
            RunTimePacking.Emit(kernel.Layout, kernel.Directions, writer.Input(kernel.Inputs.Weights), code);
        }

        for (var direction = 0; direction < kernel.Directions; direction++)
        {
            using var sequence = code.For("sequence", 0, kernel.Batch);
            Sequence(kernel, writer, direction);
        }
    }

    private static void Sequence(RecurrentKernel kernel, KernelWriter writer, int direction)
    {
        var (code, hidden, padded) = (writer.Code, kernel.Hidden, kernel.Layout.PaddedUnits);
        var lstm = kernel.Op.Cell == RecurrentCell.Lstm;
        code.Line("ref var hidden = ref state;");
        code.Line($"ref var next = ref Unsafe.Add(ref state, {padded});");
        var stateRow = $"({direction * kernel.Batch} + sequence) * {hidden}";
        Begin(kernel, writer, "hidden", kernel.Inputs.InitialHidden, stateRow);
        if (lstm)
        {
            code.Line($"ref var cell = ref Unsafe.Add(ref state, {2 * padded});");
            Begin(kernel, writer, "cell", kernel.Inputs.InitialCell, stateRow);
        }

        var lengths = kernel.Inputs.Lengths;
        var length = lengths < 0 ? $"{kernel.Steps}" : $"Math.Clamp(Unsafe.Add(ref {writer.Input(lengths)}, sequence), 0, {kernel.Steps})";
        code.Line($"nint length = {length};");
        using (code.For("step", "0", "length"))
        {
            Step(kernel, writer, direction);
        }

        var sequences = kernel.Op.GivesSequence ? 1 : 0;
        if (lengths >= 0 && sequences > 0)
        {
            using var rest = code.For("step", "length", $"{kernel.Steps}");
            code.Line($"MemoryMarshal.CreateSpan(ref {SequenceRow(kernel, writer, direction, "step")}, {hidden}).Clear();");
        }

        Copy(code, "hidden", $"Unsafe.Add(ref {writer.Output(sequences)}, {stateRow})", hidden);
        if (lstm)
        {
            Copy(code, "cell", $"Unsafe.Add(ref {writer.Output(sequences + 1)}, {stateRow})", hidden);
        }
    }

    private static void Step(RecurrentKernel kernel, KernelWriter writer, int direction)
    {
        var (code, op) = (writer.Code, kernel.Op);
        code.Line($"var time = {(op.Directions[direction].IsReverse ? "length - 1 - step" : "step")};");
        if (kernel.Alternates)
        {
            code.Line("var backwards = (step & 1) != 0;");
        }

        var projections = op.Gates * op.Hidden;
        var row = $"(((time * {kernel.Batch}) + sequence) * {kernel.Directions * projections}) + {direction * projections}";
        code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input(0)}, {row});");
        if (op.GivesSequence)
        {
            code.Line($"ref var y = ref {SequenceRow(kernel, writer, direction, "time")};");
        }

        new RecurrentCellEmitter(kernel, writer, direction).Emit();
        code.Line("ref var swapped = ref hidden;");
        code.Line("hidden = ref next;");
        code.Line("next = ref swapped;");
    }

    /// <summary>Sets up a part of the state, with zeros where the model gives none and in the lanes behind the last unit.</summary>
    private static void Begin(RecurrentKernel kernel, KernelWriter writer, string part, int input, string row)
    {
        writer.Code.Line($"MemoryMarshal.CreateSpan(ref {part}, {kernel.Layout.PaddedUnits}).Clear();");
        if (input >= 0)
        {
            Copy(writer.Code, $"Unsafe.Add(ref {writer.Input(input)}, {row})", part, kernel.Hidden);
        }
    }

    private static void Copy(SourceWriter code, string from, string to, int count) =>
        code.Line($"MemoryMarshal.CreateSpan(ref {from}, {count}).CopyTo(MemoryMarshal.CreateSpan(ref {to}, {count}));");

    private static string SequenceRow(RecurrentKernel kernel, KernelWriter writer, int direction, string time) =>
        $"Unsafe.Add(ref {writer.Output(0)}, (((({time} * {kernel.Directions}) + {direction}) * {kernel.Batch}) + sequence) * {kernel.Hidden})";
}
