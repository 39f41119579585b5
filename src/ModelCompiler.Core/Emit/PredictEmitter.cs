using System.Globalization;
using ModelCompiler.Graphs;

namespace ModelCompiler.Emit;

/// <summary>Writes Predict and PredictQuantized: the one over spans, the one that returns arrays, and the checks before both.</summary>
internal static class PredictEmitter
{
    public static void Emit(SourceWriter code, ModelDescription model, PortNames names, bool quantised)
    {
        EmitSpans(code, model, names, quantised);
        EmitArrays(code, model, names, quantised);
        code.Line($"partial void {RunMethod(quantised)}({names.RunParameters(quantised)});");
        code.Line();
    }

    /// <summary>The method that the implementation half supplies. Without an access modifier it may be missing, as it is in an editor.</summary>
    public static string RunMethod(bool quantised) => quantised ? "RunQuantized" : "Run";

    /// <summary>The method that the user calls.</summary>
    public static string Method(bool quantised) => quantised ? "PredictQuantized" : "Predict";

    private static void EmitSpans(SourceWriter code, ModelDescription model, PortNames names, bool quantised)
    {
        code.Line(
            quantised
                ? "/// <summary>Runs the network once on raw integers, leaving out the quantisation at its edges. Allocates nothing.</summary>"
                : "/// <summary>Runs the network once. Allocates nothing.</summary>"
        );
        EmitPortDocs(code, names.Given, quantised);
        EmitCountDocs(code, model, names);
        code.Line("/// <exception cref=\"ArgumentException\">A span has the wrong length, or an output overlaps an input.</exception>");
        using (code.Open($"public {CountsType(names)} {Method(quantised)}({names.SpanParameters(quantised)})"))
        {
            code.Line("ObjectDisposedException.ThrowIf(_arena is null, this);");
            EmitChecks(code, names);
            foreach (var count in names.Counts)
            {
                code.Line($"int {count} = 0;");
            }

            var counts = names.Counts.Select(c => $"new Span<int>(ref {c})");
            code.Line($"{RunMethod(quantised)}({string.Join(", ", names.Arguments.Concat(counts))});");
            StateEmitter.EmitSwap(code, model);
            if (names.Counts.Count > 0)
            {
                code.Line($"return {CountsTuple(names)};");
            }
        }

        code.Line();
    }

    private static void EmitChecks(SourceWriter code, PortNames names)
    {
        foreach (var (port, name, _) in names.Given)
        {
            var shape = port.Type.Shape;
            EmitLengthCheck(code, name, $"{shape.Elements}", $"\"{shape}\"");
        }

        EmitOverlapChecks(code, names);
    }

    /// <summary>The check that a span has a length.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="length">Elements that it has to have, an expression.</param>
    /// <param name="shape">What that is the length of, an expression of a string.</param>
    public static void EmitLengthCheck(SourceWriter code, string name, string length, string shape)
    {
        using (code.Open($"if ({name}.Length != {length})"))
        {
            code.Line($"global::ModelCompiler.ArgumentFaults.ThrowLength(nameof({name}), {name}.Length, {length}, {shape});");
        }

        code.Line();
    }

    /// <summary>Outputs are written while inputs are still being read.</summary>
    public static void EmitOverlapChecks(SourceWriter code, PortNames names)
    {
        foreach (var output in names.Given.Where(g => !g.IsInput))
        {
            foreach (var input in names.Given.Where(g => g.IsInput))
            {
                EmitOverlapCheck(code, input.Name, output.Name);
            }
        }
    }

    private static void EmitOverlapCheck(SourceWriter code, string input, string output)
    {
        using (code.Open($"if (MemoryMarshal.AsBytes({output}).Overlaps(MemoryMarshal.AsBytes({input})))"))
        {
            code.Line($"global::ModelCompiler.ArgumentFaults.ThrowOverlap(nameof({output}), nameof({input}));");
        }

        code.Line();
    }

    private static void EmitArrays(SourceWriter code, ModelDescription model, PortNames names, bool quantised)
    {
        var outputs = names
            .Given.Where(g => !g.IsInput)
            .Select(g => (g.Port, g.Name, Type: PortNames.TypeName(g.Port, quantised)))
            .ToArray();
        if (outputs.Length == 0)
        {
            return;
        }

        var given = names.Given.Where(g => g.IsInput).ToArray();
        var inputs = string.Join(", ", given.Select(g => $"ReadOnlySpan<{PortNames.TypeName(g.Port, quantised)}> {g.Name}"));
        var type =
            outputs.Length == 1 ? outputs[0].Type + "[]" : "(" + string.Join(", ", outputs.Select(o => $"{o.Type}[] {o.Name}")) + ")";
        code.Line($"/// <summary>Runs the network once and returns {(outputs.Length == 1 ? "a new array" : "new arrays")}.</summary>");
        EmitPortDocs(code, given, quantised);
        code.Line(
            $"/// <returns>{SurfaceEmitter.Xml(string.Join("; ", outputs.Select(o => $"{o.Port.Name}: {Describe(o.Port, quantised)}")))}</returns>"
        );
        using (code.Open($"public {type} {Method(quantised)}({inputs})"))
        {
            foreach (var (port, name, element) in outputs)
            {
                code.Line($"var {name} = new {element}[{port.Type.Shape.Elements}];");
            }

            var call = $"{Method(quantised)}({string.Join(", ", names.Given.Select(g => g.Name))});";
            code.Line(
                names.Counts.Count == 0 ? call
                : names.Counts.Count == 1 ? $"int {names.Counts[0]} = {call}"
                : $"var {CountsTuple(names)} = {call}"
            );
            EmitTrimming(code, model, names);
            code.Line(outputs.Length == 1 ? $"return {outputs[0].Name};" : $"return ({string.Join(", ", outputs.Select(o => o.Name))});");
        }

        code.Line();
    }

    /// <summary>What Predict returns: nothing, one count, or a tuple of counts.</summary>
    private static string CountsType(PortNames names) =>
        names.Counts.Count switch
        {
            0 => "void",
            1 => "int",
            _ => "(" + string.Join(", ", names.Counts.Select(c => "int " + c)) + ")",
        };

    private static string CountsTuple(PortNames names) =>
        names.Counts.Count == 1 ? names.Counts[0] : "(" + string.Join(", ", names.Counts) + ")";

    private static void EmitCountDocs(SourceWriter code, ModelDescription model, PortNames names)
    {
        if (names.Counts.Count > 0)
        {
            var texts = names.Counts.Select((c, i) => $"{c}: {DescribeCount(model, i)}");
            code.Line($"/// <returns>{SurfaceEmitter.Xml(string.Join("; ", texts))}</returns>");
        }
    }

    private static string DescribeCount(ModelDescription model, int count)
    {
        var sized = model.Outputs.Where(o => o.Size?.Count == count).Select(o => $"of dimension {o.Size!.Axis} of {o.Name}").ToArray();
        return $"how many elements {string.Join(" and ", sized)} there are; they come first, without gaps";
    }

    /// <summary>Cuts the arrays off behind what is valid.</summary>
    private static void EmitTrimming(SourceWriter code, ModelDescription model, PortNames names)
    {
        for (var i = 0; i < model.Outputs.Count; i++)
        {
            if (model.Outputs[i] is { Size: { } size, Type.Shape: var shape })
            {
                code.Line($"Array.Resize(ref {names.Output(i)}, {names.Counts[size.Count]} * {shape.Elements / shape[size.Axis]});");
            }
        }
    }

    private static void EmitPortDocs(SourceWriter code, IEnumerable<GivenPort> ports, bool quantised)
    {
        foreach (var (port, name, _) in ports)
        {
            code.Line($"/// <param name=\"{name.TrimStart('@')}\">{SurfaceEmitter.Xml(Describe(port, quantised))}</param>");
        }
    }

    private static string Describe(ModelPort port, bool quantised) =>
        $"{PortNames.TypeName(port, quantised)} {port.Sizes}, {port.Type.Shape.Elements} elements{DescribeIntegers(port, quantised)}";

    /// <summary>How raw integers stand for reals; nothing where they do not.</summary>
    public static string DescribeIntegers(ModelPort port, bool quantised) =>
        quantised && port.Quantization is { } raw
            ? $", real = (integer − {raw.ZeroPoint.ToString(CultureInfo.InvariantCulture)}) · Info's scale"
            : "";
}
