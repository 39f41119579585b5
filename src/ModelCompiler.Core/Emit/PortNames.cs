using ModelCompiler.Graphs;

namespace ModelCompiler.Emit;

/// <summary>Names and C# types of a model's inputs and outputs as parameters.</summary>
internal sealed class PortNames
{
    // Locals of the emitted methods, which parameters must not hide.
    private static readonly string[] Locals = ["arena"];

    private readonly EquatableArray<ModelPort> _inputs;
    private readonly EquatableArray<ModelPort> _outputs;

    public PortNames(EquatableArray<ModelPort> inputs, EquatableArray<ModelPort> outputs, EquatableArray<ModelPort> counts)
    {
        (_inputs, _outputs) = (inputs, outputs);
        var taken = Locals.ToDictionary(l => l, _ => 1, StringComparer.Ordinal);
        var names = inputs
            .Concat(outputs)
            .Concat(counts)
            .Select(p => Identifiers.EscapeKeyword(Identifiers.Unique(Identifiers.CamelCase(p.Name), taken)))
            .ToArray();
        All = names.Take(inputs.Count + outputs.Count).ToArray();
        Counts = names.Skip(All.Count).ToArray();
    }

    /// <summary>Names of the inputs, then of the outputs.</summary>
    public EquatableArray<string> All { get; }

    /// <summary>Names of the sizes that only the data give.</summary>
    public EquatableArray<string> Counts { get; }

    public string Input(int index) => All[index];

    /// <summary>An output, or behind these a count.</summary>
    public string Output(int index) => index < _outputs.Count ? All[_inputs.Count + index] : Counts[index - _outputs.Count];

    /// <summary>One span a port.</summary>
    /// <param name="quantised">Whether ports with a quantised edge are raw integers.</param>
    public string SpanParameters(bool quantised = false) =>
        string.Join(
            ", ",
            _inputs
                .Select((p, i) => $"ReadOnlySpan<{TypeName(p, quantised)}> {Input(i)}")
                .Concat(_outputs.Select((p, i) => $"Span<{TypeName(p, quantised)}> {Output(i)}"))
        );

    /// <summary>One span a port, then one for each count.</summary>
    /// <param name="quantised">Whether ports with a quantised edge are raw integers.</param>
    public string RunParameters(bool quantised) => string.Join(", ", [SpanParameters(quantised), .. Counts.Select(c => $"Span<int> {c}")]);

    /// <summary>The C# type of a port's elements.</summary>
    public static string TypeName(ModelPort port, bool quantised) =>
        (quantised && port.Quantization is { } raw ? raw.Element : port.Type.Element).CSharpName()
        ?? throw new InvalidOperationException($"{port} has no C# type");
}
