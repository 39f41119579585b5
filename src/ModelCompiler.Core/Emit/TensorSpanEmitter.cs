namespace ModelCompiler.Emit;

/// <summary>Writes the overload of Predict over the spans of System.Numerics.Tensors, which know their shapes.</summary>
internal static class TensorSpanEmitter
{
    private const string Tensors = "global::System.Numerics.Tensors.";

    public static void Emit(SourceWriter code, ModelDescription model, PortNames names)
    {
        var inputs = model.Inputs.Select(
            (p, i) => $"scoped in {Tensors}ReadOnlyTensorSpan<{PortNames.TypeName(p, false)}> {names.Input(i)}"
        );
        var outputs = model.Outputs.Select((p, i) => $"scoped in {Tensors}TensorSpan<{PortNames.TypeName(p, false)}> {names.Output(i)}");
        code.Line("/// <summary>Runs the network once on tensors of the model's shapes. Allocates nothing.</summary>");
        code.Line(
            "/// <exception cref=\"ArgumentException\">A tensor has the wrong shape, or its elements do not follow each other.</exception>"
        );
        using (code.Open($"public void Predict({string.Join(", ", inputs.Concat(outputs))})"))
        {
            var ports = model.Inputs.Concat(model.Outputs).ToArray();
            for (var i = 0; i < ports.Length; i++)
            {
                var (name, shape) = (names.All[i], ports[i].Type.Shape);
                code.Line(
                    $"CheckTensor({name}.Lengths, [{string.Join(", ", shape)}], {name}.IsDense, \"{name.TrimStart('@')}\", \"{shape}\");"
                );
            }

            var spans = names.All.Select(
                (name, i) =>
                    i < model.Inputs.Count
                        ? $"MemoryMarshal.CreateReadOnlySpan(in {name}.GetPinnableReference(), {ports[i].Type.Shape.Elements})"
                        : $"MemoryMarshal.CreateSpan(ref {name}.GetPinnableReference(), {ports[i].Type.Shape.Elements})"
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
