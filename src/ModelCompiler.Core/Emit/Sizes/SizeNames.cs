using ModelCompiler.Graphs;
using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>What emitted code and its messages call sizes that are known at run time only.</summary>
internal sealed class SizeNames
{
    private readonly SizeTable _sizes;
    private readonly PortNames _names;
    private readonly Dictionary<string, string> _tables = new(StringComparer.Ordinal);

    public SizeNames(ModelDescription model, PortNames names)
    {
        _sizes = model.Sizes!;
        _names = names;
        Sources = model.SizeSources;
        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in names.All)
        {
            _tables.Add(name, Identifiers.Unique(Identifiers.PascalCase(name) + "Lengths", taken));
        }
    }

    /// <summary>The inputs whose lengths say the sizes; null where parameters say them.</summary>
    public IReadOnlyList<SizeSource>? Sources { get; }

    /// <summary>The table with the lengths of a port.</summary>
    public string Table(string port) => _tables[port];

    /// <summary>The sizes of all ports.</summary>
    public IEnumerable<(string Name, SizedPort Port)> Ports => _names.All.Zip(_sizes.Inputs.Concat(_sizes.Outputs), (n, p) => (n, p));

    /// <summary>The shape of a port in symbols, for example <c>[batch,3]</c>.</summary>
    public string Shape(string name)
    {
        var port = PortOf(name);
        return "[" + string.Join(",", Enumerable.Range(0, port.Shapes[0].Rank).Select(axis => Dimension(port, axis))) + "]";
    }

    /// <summary>The dimensions that the shape of a port depends on, with their sizes.</summary>
    public string Ranges(string name)
    {
        var port = PortOf(name);
        return string.Join(
            ", ",
            _sizes.Ranges.Where((_, i) => i == _sizes.ItemRange ? port.ItemAxis is not null : _sizes.Matters(i, port))
        );
    }

    /// <summary>The part of an interpolated string that says the sizes of a call.</summary>
    public string SizesAtRunTime() =>
        string.Join(", ", _sizes.Ranges.Select((r, i) => $"{Literals.InInterpolation(r.Symbol)} {{{SizeAtRunTime(r, i)}}}"));

    private string SizeAtRunTime(DimensionRange range, int index)
    {
        if (index == _sizes.ItemRange)
        {
            return "items";
        }

        var quotient = _sizes.Stride(index) is > 1 and var stride ? $"program / {stride}" : "program";
        return _sizes.Stride(index) * range.Count == _sizes.Programs
            ? $"{range.Smallest} + {quotient}"
            : $"{range.Smallest} + ({quotient} % {range.Count})";
    }

    /// <summary>What the documentation of a parameter says.</summary>
    public string Describe(GivenPort given, bool quantised) =>
        $"{PortNames.TypeName(given.Port, quantised)} {Shape(given.Name)}{(given.Port.Smallest is null ? "" : $", {Ranges(given.Name)}")}"
        + PredictEmitter.DescribeIntegers(given.Port, quantised);

    private SizedPort PortOf(string name) => Ports.First(p => p.Name == name).Port;

    private string Dimension(SizedPort port, int axis)
    {
        var sizes = port.Shapes.Select(s => s[axis]).ToArray();
        var item = sizes.All(s => s == sizes[0]) ? $"{sizes[0]}" : SymbolOf(sizes) ?? $"{sizes.Min()}..{sizes.Max()}";
        return axis != port.ItemAxis ? item
            : item == "1" ? _sizes.Items!.Symbol
            : $"{_sizes.Items!.Symbol}*{item}";
    }

    /// <summary>The dimension whose size these are in each program; null where they are made of it in some way.</summary>
    private string? SymbolOf(int[] sizes) =>
        _sizes
            .Ranges.Where(
                (r, i) =>
                    i != _sizes.ItemRange && sizes.Select((s, p) => s == r.Smallest + (p / _sizes.Stride(i) % r.Count)).All(same => same)
            )
            .FirstOrDefault()
            ?.Symbol;
}
