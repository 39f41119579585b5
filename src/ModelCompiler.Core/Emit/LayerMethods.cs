using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering;

namespace ModelCompiler.Emit;

/// <summary>
/// The methods of the layers of all programs of a class. Layers that differ in nothing but their weights, as the repeated blocks of a network do, share
/// one: its weights are parameters. That keeps the text small, and with it the time of the C# compiler.
/// </summary>
internal sealed class LayerMethods
{
    private readonly List<LayerMethod> _methods = [];
    private readonly Dictionary<string, LayerMethod> _known = new(StringComparer.Ordinal);
    private readonly HashSet<LayerMethod> _inner = [];
    private readonly ISet<SharedCode> _shared;
    private readonly Dictionary<string, (LayerMethod Method, LayerWeights Weights)> _calls = new(StringComparer.Ordinal);
    private readonly LayerFamilies? _families;

    /// <param name="programs">The programs; the first gives names to what several share.</param>
    /// <param name="shared">What their code calls is added here.</param>
    public LayerMethods(IReadOnlyCollection<KernelProgram> programs, ISet<SharedCode> shared)
    {
        _shared = shared;
        foreach (var step in programs.SelectMany(p => p.Steps.Concat(p.Edges.Select(e => e.Reordering).OfType<Step>())))
        {
            _calls.Add(step.Method, Add(step));
        }

        _families = programs.Count > 1 ? new LayerFamilies(_methods, _inner) : null;
    }

    /// <summary>The statement that calls the method of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="operands">Arguments for its operands.</param>
    /// <param name="range">Arguments for the first row and the row behind the last, where the step is ranged.</param>
    public Statement Call(Step step, IEnumerable<string> operands, params string[] range)
    {
        var call = _calls[step.Method];
        var (method, numbers) = _families?.Of(call.Method) ?? (call.Method, []);
        return new Statement(Arguments(call.Weights, operands, range), method, numbers);
    }

    private static string Arguments(LayerWeights weights, IEnumerable<string> operands, string[] range) =>
        string.Join(", ", operands.Concat(weights.Used.Select(w => "ref " + w.Reference)).Concat(range));

    private (LayerMethod Method, LayerWeights Weights) Add(Step step)
    {
        var weights = new LayerWeights();
        var method = LayerMethod.Of(step, weights, _shared, Inner);
        if (_known.TryGetValue(method.Key, out var same))
        {
            same.Layers.Add(step.Name);
            return (same, weights);
        }

        _known.Add(method.Key, method);
        _methods.Add(method);
        return (method, weights);
    }

    /// <summary>Adds the method of a step that the method of another one calls.</summary>
    private string Inner(Step step, IEnumerable<string> operands, params string[] range)
    {
        var (method, weights) = Add(step);
        _inner.Add(method);
        return new Statement(Arguments(weights, operands, range), method, []).ToString();
    }

    public void Emit(SourceWriter code)
    {
        using var layers = code.Open("private static class Layers");
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var method in _families?.Methods ?? _methods)
        {
            method.Emit(code, written);
        }
    }
}

/// <summary>A line of what a program does.</summary>
/// <param name="Text">The line; where a method of a layer is called, its arguments.</param>
/// <param name="Method">The method that is called; null for any other line.</param>
/// <param name="Numbers">Arguments for the numbers that depend on sizes known at run time only.</param>
internal sealed record Statement(string Text, LayerMethod? Method, IReadOnlyList<int> Numbers)
{
    public Statement(string text)
        : this(text, null, []) { }

    public override string ToString() =>
        Method is null ? Text : CallWith(Text, Numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The line with other arguments.</summary>
    public string CallWith(string arguments, IEnumerable<string> numbers) =>
        $"Layers.{Method!.Name}({string.Join(", ", new[] { arguments }.Where(a => a.Length > 0).Concat(numbers))});";
}

/// <summary>The weights that a layer's method reads, in the order of its parameters.</summary>
internal sealed class LayerWeights
{
    private readonly List<(PackedWeights Weights, string Parameter)> _used = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    public IEnumerable<PackedWeights> Used => _used.Select(u => u.Weights);

    public IEnumerable<string> Parameters => _used.Select(u => u.Parameter);

    public IEnumerable<string> Declarations => _used.Select(u => $"ref {u.Weights.Element.CSharpName()} {u.Parameter}");

    /// <summary>The parameter for some weights, which is added where it is not there yet.</summary>
    public string ParameterOf(PackedWeights weights)
    {
        if (_used.FirstOrDefault(u => u.Weights == weights).Parameter is { } known)
        {
            return known;
        }

        var parameter = Identifiers.Unique("packed" + Identifiers.PascalCase(weights.Purpose), _names);
        _used.Add((weights, parameter));
        return parameter;
    }
}
