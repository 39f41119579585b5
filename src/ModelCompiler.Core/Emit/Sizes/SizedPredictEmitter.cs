using ModelCompiler.Graphs;
using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>
/// Writes Predict and PredictQuantized of a model with sizes that are known at run time only: the lengths of the inputs say which they
/// are, or parameters where lengths could mean several.
/// </summary>
internal sealed class SizedPredictEmitter(SourceWriter code, ModelDescription model, PortNames names)
{
    private readonly SizeTable _sizes = model.Sizes!;
    private readonly SizeNames _text = new(model, names);

    public void Emit(bool quantised)
    {
        EmitSpans(quantised);
        EmitArrays(quantised);
        var program = _sizes.Programs > 1 ? "int program, " : "";
        code.Line($"partial void {PredictEmitter.RunMethod(quantised)}({program}{names.RunParameters(quantised)});");
        code.Line();
    }

    private void EmitSpans(bool quantised)
    {
        code.Line(
            quantised
                ? "/// <summary>Runs the network on raw integers, leaving out the quantisation at its edges. Allocates nothing.</summary>"
                : $"/// <summary>Runs the network{(_sizes.Items is null ? "" : " once for each item")}. Allocates nothing.</summary>"
        );
        EmitDocs(names.Given, quantised);
        code.Line(
            "/// <exception cref=\"ArgumentException\">Spans have lengths that do not go together, or an output overlaps an input.</exception>"
        );
        using (code.Open($"public void {PredictEmitter.Method(quantised)}({WithSizes(names.SpanParameters(quantised), "int ")})"))
        {
            code.Line("ObjectDisposedException.ThrowIf(_arena is null, this);");
            code.Line($"var (program, items) = {SizesOfArguments()};");
            foreach (var given in names.Given)
            {
                EmitLengthCheck(given);
            }

            PredictEmitter.EmitOverlapChecks(code, names);
            EmitRun(quantised);
            StateEmitter.EmitSwap(code, model);
        }

        code.Line();
    }

    private void EmitLengthCheck(GivenPort given)
    {
        // What told a size has just the length that belongs to it.
        var port = PortIndex(given);
        if (given.IsInput && _text.Sources?.Any(s => s.Input == port) == true)
        {
            return;
        }

        var shape = $"$\"{Literals.InInterpolation(_text.Shape(given.Name))} with {_text.SizesAtRunTime()}\"";
        PredictEmitter.EmitLengthCheck(code, given.Name, TotalLength(given), shape);
    }

    private void EmitRun(bool quantised)
    {
        var program = _sizes.Programs > 1 ? "program, " : "";
        if (_sizes.Items is null)
        {
            code.Line($"{PredictEmitter.RunMethod(quantised)}({program}{string.Join(", ", names.Arguments)});");
            return;
        }

        using (code.Open("for (int item = 0; item < items; item++)"))
        {
            var given = names.Given.ToDictionary(g => g.Name, StringComparer.Ordinal);
            var arguments = names.Arguments.Select(a => given.TryGetValue(a, out var port) ? ItemOf(port) : a);
            code.Line($"{PredictEmitter.RunMethod(quantised)}({program}{string.Join(", ", arguments)});");
        }
    }

    private string ItemOf(GivenPort given) =>
        Sized(given).ItemAxis is null ? given.Name : $"{given.Name}.Slice(item * {ItemLength(given)}, {ItemLength(given)})";

    private void EmitArrays(bool quantised)
    {
        var outputs = names.Given.Where(g => !g.IsInput).ToArray();
        if (outputs.Length == 0)
        {
            return;
        }

        var inputs = names.Given.Where(g => g.IsInput).ToArray();
        var type =
            outputs.Length == 1
                ? PortNames.TypeName(outputs[0].Port, quantised) + "[]"
                : "(" + string.Join(", ", outputs.Select(o => $"{PortNames.TypeName(o.Port, quantised)}[] {o.Name}")) + ")";
        code.Line($"/// <summary>Runs the network and returns {(outputs.Length == 1 ? "a new array" : "new arrays")}.</summary>");
        EmitDocs(inputs, quantised);
        code.Line(
            $"/// <returns>{SurfaceEmitter.Xml(string.Join("; ", outputs.Select(o => $"{o.Port.Name}: {_text.Describe(o, quantised)}")))}</returns>"
        );
        var parameters = inputs.Select(g => $"ReadOnlySpan<{PortNames.TypeName(g.Port, quantised)}> {g.Name}");
        using (code.Open($"public {type} {PredictEmitter.Method(quantised)}({WithSizes(string.Join(", ", parameters), "int ")})"))
        {
            code.Line($"var (program, items) = {SizesOfArguments()};");
            foreach (var output in outputs)
            {
                code.Line($"var {output.Name} = new {PortNames.TypeName(output.Port, quantised)}[{TotalLength(output)}];");
            }

            code.Line($"{PredictEmitter.Method(quantised)}({WithSizes(string.Join(", ", names.Given.Select(g => g.Name)), "")});");
            code.Line(outputs.Length == 1 ? $"return {outputs[0].Name};" : $"return ({string.Join(", ", outputs.Select(o => o.Name))});");
        }

        code.Line();
    }

    private void EmitDocs(IEnumerable<GivenPort> ports, bool quantised)
    {
        if (_text.Sources is null)
        {
            for (var range = 0; range < _sizes.Ranges.Count; range++)
            {
                code.Line(
                    $"/// <param name=\"{names.Sizes[range].TrimStart('@')}\">Size of the dimension {SurfaceEmitter.Xml(_sizes.Ranges[range].ToString())}.</param>"
                );
            }
        }

        foreach (var given in ports)
        {
            code.Line($"/// <param name=\"{given.Name.TrimStart('@')}\">{SurfaceEmitter.Xml(_text.Describe(given, quantised))}</param>");
        }
    }

    /// <summary>Parameters or arguments, with the sizes before them where lengths do not say these.</summary>
    private string WithSizes(string others, string type) =>
        _text.Sources is not null
            ? others
            : string.Join(", ", [.. names.Sizes.Select(n => type + n), .. others.Length > 0 ? [others] : (string[])[]]);

    private string SizesOfArguments() =>
        $"Sizes.Of({string.Join(", ", _text.Sources is { } sources ? sources.Select(s => s.Input).Distinct().Select(i => names.Input(i) + ".Length") : names.Sizes)})";

    private int PortIndex(GivenPort given) => names.All.Items.IndexOf(given.Name) - (given.IsInput ? 0 : model.Inputs.Count);

    private SizedPort Sized(GivenPort given) => (given.IsInput ? _sizes.Inputs : _sizes.Outputs)[PortIndex(given)];

    /// <summary>Elements that one run of a program reads or writes.</summary>
    private string ItemLength(GivenPort given) =>
        Sized(given) is { HasOneLength: true } port ? $"{port.Shapes[0].Elements}" : $"Sizes.{_text.Table(given.Name)}[program]";

    private string TotalLength(GivenPort given) => Sized(given).ItemAxis is null ? ItemLength(given) : $"items * {ItemLength(given)}";
}
