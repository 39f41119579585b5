using ModelCompiler.Graphs;

namespace ModelCompiler.Emit;

/// <summary>Writes the state that an instance keeps from one call of Predict to the next, and what resets, saves and restores it.</summary>
internal static class StateEmitter
{
    /// <summary>The array that a state is read from.</summary>
    public static string Current(int state) => $"_state{state}";

    /// <summary>The array that the state after a call is written to: outputs are written while inputs are still being read.</summary>
    public static string Next(int state) => $"_nextState{state}";

    /// <summary>Makes what a call wrote the state of the next one.</summary>
    public static void EmitSwap(SourceWriter code, ModelDescription model)
    {
        foreach (var state in States(model).Select(s => s.State!.Value))
        {
            code.Line($"({Current(state)}, {Next(state)}) = ({Next(state)}, {Current(state)});");
        }
    }

    public static void Emit(SourceWriter code, ModelDescription model)
    {
        var states = States(model).ToArray();
        if (states.Length == 0)
        {
            return;
        }

        foreach (var port in states)
        {
            var array = $"new {PortNames.TypeName(port, false)}[{port.Type.Shape.Elements}]";
            code.Line($"// {SurfaceEmitter.Xml(port.Name)}: {port.Type}.");
            code.Line($"private {PortNames.TypeName(port, false)}[] {Current(port.State!.Value)} = {array};");
            code.Line($"private {PortNames.TypeName(port, false)}[] {Next(port.State!.Value)} = {array};");
            code.Line();
        }

        var names = SurfaceEmitter.Xml(string.Join(", ", states.Select(p => p.Name)));
        code.Line($"/// <summary>Bytes of the state that <c>Predict</c> leaves for its next call: {names}.</summary>");
        code.Line($"public const int StateBytes = {model.StateBytes};");
        code.Line();
        code.Line("/// <summary>Begins anew: all elements of the state become zero, as they are in a new instance.</summary>");
        using (code.Open("public void Reset()"))
        {
            foreach (var port in states)
            {
                code.Line($"Array.Clear({Current(port.State!.Value)});");
            }
        }

        code.Line();
        EmitCopy(
            code,
            states,
            "SaveState(Span<byte> state)",
            "Copies the state, so that another instance or a later run can go on from it.",
            (array, part) => $"{array}.CopyTo({part});"
        );
        EmitCopy(
            code,
            states,
            "RestoreState(ReadOnlySpan<byte> state)",
            "Makes a state that was saved the one that the next call goes on from.",
            (array, part) => $"{part}.CopyTo({array});"
        );
    }

    /// <summary>Writes a method that copies all states, in one direction: <paramref name="copy"/> of an array and its part of the span.</summary>
    private static void EmitCopy(SourceWriter code, ModelPort[] states, string signature, string summary, Func<string, string, string> copy)
    {
        code.Line($"/// <summary>{summary}</summary>");
        code.Line("/// <param name=\"state\"><see cref=\"StateBytes\"/> bytes, in the byte order of this processor.</param>");
        code.Line("/// <exception cref=\"ArgumentException\">The span has another length.</exception>");
        using (code.Open($"public void {signature}"))
        {
            using (code.Open("if (state.Length != StateBytes)"))
            {
                code.Line("throw new ArgumentException($\"state has {state.Length} bytes; {StateBytes} are needed\", nameof(state));");
            }

            code.Line();
            var offset = 0;
            foreach (var port in states)
            {
                var (array, bytes) = ($"MemoryMarshal.AsBytes({Current(port.State!.Value)}.AsSpan())", port.Type.Bytes);
                code.Line(copy(array, $"state.Slice({offset}, {bytes})"));
                offset += bytes;
            }
        }

        code.Line();
    }

    private static IEnumerable<ModelPort> States(ModelDescription model) => model.Inputs.Where(p => p.State is not null);
}
