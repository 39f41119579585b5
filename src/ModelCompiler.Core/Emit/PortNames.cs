using ModelCompiler.Graphs;
using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>Names and C# types of a model's inputs and outputs as parameters.</summary>
internal sealed class PortNames
{
    // Locals of the emitted methods, which parameters must not hide.
    private static readonly string[] Locals = ["arena"];
    private static readonly string[] SizedLocals = [.. Locals, "item", "items", "program"];

    // Those of the method that computes a part of a layer, where sizes are locals too.
    private static readonly string[] LocalsOfParts = ["layer", "part", "first", "end"];

    private readonly EquatableArray<ModelPort> _inputs;
    private readonly EquatableArray<ModelPort> _outputs;

    public PortNames(
        EquatableArray<ModelPort> inputs,
        EquatableArray<ModelPort> outputs,
        EquatableArray<ModelPort> counts,
        SizeTable? sizes = null
    )
    {
        (_inputs, _outputs) = (inputs, outputs);
        var taken = (sizes is null ? Locals : SizedLocals).ToDictionary(l => l, _ => 1, StringComparer.Ordinal);
        All = inputs.Concat(outputs).Select(p => Unique(p.Name)).ToArray();
        Counts = counts.Select(c => Unique(c.Name)).ToArray();
        foreach (var local in LocalsOfParts)
        {
            taken[local] = 1;
        }

        Sizes = (sizes?.Ranges.Select(r => Unique(r.Symbol)) ?? []).ToArray();

        string Unique(string name) => Identifiers.EscapeKeyword(Identifiers.Unique(Identifiers.CamelCase(name), taken));
    }

    /// <summary>Names of the inputs, then of the outputs.</summary>
    public EquatableArray<string> All { get; }

    /// <summary>The parameters of Predict: all ports but those of the state, inputs first.</summary>
    public IEnumerable<GivenPort> Given =>
        _inputs.Concat(_outputs).Select((p, i) => new GivenPort(p, All[i], i < _inputs.Count)).Where(g => g.Port.State is null);

    /// <summary>What Predict hands on to the generated layers: its parameters, and the state in its place.</summary>
    public IEnumerable<string> Arguments =>
        All.Select(
            (name, i) =>
                i < _inputs.Count
                    ? _inputs[i].State is { } state
                        ? StateEmitter.Current(state)
                        : name
                    : _outputs[i - _inputs.Count].State is { } next
                        ? StateEmitter.Next(next)
                        : name
        );

    /// <summary>Names of the sizes that only the data give.</summary>
    public EquatableArray<string> Counts { get; }

    /// <summary>Names of the dimensions whose size is known at run time only.</summary>
    public EquatableArray<string> Sizes { get; }

    public string Input(int index) => All[index];

    /// <summary>An output, or behind these a count.</summary>
    public string Output(int index) => index < _outputs.Count ? All[_inputs.Count + index] : Counts[index - _outputs.Count];

    /// <summary>One span for each parameter of Predict.</summary>
    /// <param name="quantised">Whether ports with a quantised edge are raw integers.</param>
    public string SpanParameters(bool quantised = false) =>
        string.Join(", ", Given.Select(g => Span(g.Port, g.Name, g.IsInput, quantised)));

    /// <summary>One span a port, then one for each count.</summary>
    /// <param name="quantised">Whether ports with a quantised edge are raw integers.</param>
    public string RunParameters(bool quantised) =>
        string.Join(
            ", ",
            [
                .. _inputs.Select((p, i) => Span(p, Input(i), isInput: true, quantised)),
                .. _outputs.Select((p, i) => Span(p, Output(i), isInput: false, quantised)),
                .. Counts.Select(c => $"Span<int> {c}"),
            ]
        );

    private static string Span(ModelPort port, string name, bool isInput, bool quantised) =>
        $"{(isInput ? "ReadOnlySpan" : "Span")}<{TypeName(port, quantised)}> {name}";

    /// <summary>The C# type of a port's elements.</summary>
    public static string TypeName(ModelPort port, bool quantised) =>
        (quantised && port.Quantization is { } raw ? raw.Element : port.Type.Element).CSharpName()
        ?? throw new InvalidOperationException($"{port} has no C# type");
}

/// <summary>A parameter of Predict.</summary>
/// <param name="Port">The input or output.</param>
/// <param name="Name">Its name in C#.</param>
/// <param name="IsInput">Whether it is an input.</param>
internal readonly record struct GivenPort(ModelPort Port, string Name, bool IsInput);
