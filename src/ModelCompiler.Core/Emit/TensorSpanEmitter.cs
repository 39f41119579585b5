namespace ModelCompiler.Emit;

/// <summary>Writes the overload of Predict over the spans of System.Numerics.Tensors, which know their shapes.</summary>
internal static class TensorSpanEmitter
{
    private const string Tensors = "global::System.Numerics.Tensors.";

    public static void Emit(SourceWriter code, PortNames names)
    {
        var ports = names.Given.ToArray();
        var parameters = ports.Select(g =>
            $"scoped in {Tensors}{(g.IsInput ? "ReadOnlyTensorSpan" : "TensorSpan")}<{PortNames.TypeName(g.Port, false)}> {g.Name}"
        );
        code.Line("/// <summary>Runs the network once on tensors of the model's shapes. Allocates nothing.</summary>");
        code.Line(
            "/// <exception cref=\"ArgumentException\">A tensor has the wrong shape, or its elements do not follow each other.</exception>"
        );
        using (code.Open($"public void Predict({string.Join(", ", parameters)})"))
        {
            foreach (var (port, name, _) in ports)
            {
                var shape = port.Type.Shape;
                code.Line(
                    $"CheckTensor({name}.Lengths, [{string.Join(", ", shape)}], {name}.IsDense, \"{name.TrimStart('@')}\", \"{shape}\");"
                );
            }

            var spans = ports.Select(g =>
                g.IsInput
                    ? $"MemoryMarshal.CreateReadOnlySpan(in {g.Name}.GetPinnableReference(), {g.Port.Type.Shape.Elements})"
                    : $"MemoryMarshal.CreateSpan(ref {g.Name}.GetPinnableReference(), {g.Port.Type.Shape.Elements})"
            );
            code.Line($"Predict({string.Join(", ", spans)});");
        }

        code.Line();
        EmitCheck(code);
    }

    private static void EmitCheck(SourceWriter code)
    {
        using (
            code.Open(
                "private static void CheckTensor(scoped ReadOnlySpan<nint> given, scoped ReadOnlySpan<nint> wanted, bool isDense, string name, string shape)"
            )
        )
        {
            using (code.Open("if (!given.SequenceEqual(wanted))"))
            {
                code.Line(
                    "throw new ArgumentException($\"{name} has the shape [{string.Join(\",\", given.ToArray())}]; {shape} is needed\", name);"
                );
            }

            code.Line();
            using (code.Open("if (!isDense)"))
            {
                code.Line("throw new ArgumentException($\"{name} is not dense: its elements have to follow each other in memory\", name);");
            }
        }

        code.Line();
    }
}
