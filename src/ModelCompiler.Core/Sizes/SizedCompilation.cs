using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Lowering;

namespace ModelCompiler.Sizes;

/// <summary>
/// Compiles a model for sizes that are known at run time only. Shapes in kernels are literals, so a batch is served by one program that
/// runs for each item, where items do not influence each other, and any other dimension by a program for each of its sizes. The emitter
/// writes what these have in common once.
/// </summary>
internal sealed class SizedCompilation(ModelSource source, CompileOptions options)
{
    /// <summary>The most programs of one class.</summary>
    public const int MostPrograms = 512;

    // Numbers of items that a proof looks at: no sizes that a model is likely to have elsewhere.
    private const int FewItems = 3;
    private const int ManyItems = 5;
    private const int MostItemsOfProof = 64;

    private readonly List<Problem> _problems = [];
    private readonly List<string> _obstacles = [];
    private BatchAxes? _batch;
    private int? _itemRange;

    /// <summary>Everything up to the emitter.</summary>
    public (ProgramSet? Programs, ImmutableArray<Problem> Problems) Run()
    {
        FindItemRange();
        var combinations = Combinations();
        var programs = combinations.Count > 0 ? Lower(combinations) : null;
        return (
            _problems.Any(p => p.Kind.Severity == Severity.Error) ? null : programs,
            [.. _problems.Select(p => p with { Message = $"{source.Path}: {p.MessageWithout(source.Path)}" }).Distinct()]
        );
    }

    /// <summary>Looks for a dimension that is a number of items which do not influence each other.</summary>
    private void FindItemRange()
    {
        for (var range = 0; range < options.Ranges.Count && _batch is null; range++)
        {
            var most = options.Ranges[range].Largest is > FewItems and <= MostItemsOfProof and var largest ? largest : ManyItems;
            if (Import(Largest(range, FewItems)).Graph is not { } few || Import(Largest(range, most)).Graph is not { } many)
            {
                _obstacles.Add($"a model for {options.Ranges[range].Symbol}={FewItems} and {most} cannot be imported");
                continue;
            }

            (_batch, var obstacle) = BatchProof.Find(few, many, FewItems, most);
            if (_batch is null)
            {
                _obstacles.Add($"{options.Ranges[range].Symbol} is not looped over: {obstacle}");
            }
            else
            {
                _itemRange = range;
            }
        }
    }

    /// <summary>The largest sizes, but another one for one of the dimensions.</summary>
    private int[] Largest(int range, int size) => [.. options.Ranges.Select((r, i) => i == range ? size : r.Largest)];

    /// <summary>The sizes that each program is for, in order; none where there are too many.</summary>
    private List<int[]> Combinations()
    {
        var ranges = options.Ranges.Where((_, i) => i != _itemRange).ToArray();
        var count = ranges.Aggregate(1.0, (product, r) => product * r.Count);
        if (count > MostPrograms)
        {
            _problems.Add(
                new(
                    ProblemKinds.TooManySizes,
                    $"{string.Join(", ", ranges.Select(r => r.ToString()))} would be {count:0} programs; up to {MostPrograms} are possible: "
                        + $"give fewer sizes{(_obstacles.Count > 0 ? $" ({string.Join("; ", _obstacles)})" : "")}"
                )
            );
            return [];
        }

        List<int[]> combinations =
        [
            [],
        ];
        for (var range = 0; range < options.Ranges.Count; range++)
        {
            var (first, last) = range == _itemRange ? (1, 1) : (options.Ranges[range].Smallest, options.Ranges[range].Largest);
            combinations = [.. combinations.SelectMany(c => Enumerable.Range(first, last - first + 1).Select(size => (int[])[.. c, size]))];
        }

        return combinations;
    }

    private ProgramSet? Lower(List<int[]> combinations)
    {
        var problems = new List<Problem>();
        var context = new LoweringContext(options.Target, problems, new WeightLayout(sharesEqual: combinations.Count > 1), options.Weights);
        var programs = new List<KernelProgram>();
        // The largest first: others take its places in the arena, its names, and of its constants what they need.
        foreach (var sizes in Enumerable.Reverse(combinations))
        {
            var (graph, found) = Import(sizes);
            if (graph is not null && ModelCompilation.Lower(graph, options, context) is { } program)
            {
                programs.Add(program);
            }

            // The first size that fails says enough.
            var said = combinations.Count > 1 ? $" ({Said(sizes)})" : "";
            _problems.AddRange(
                found.Concat(problems).Select(p => p.Kind.Severity == Severity.Error ? p with { Message = p.Message + said } : p)
            );
            if (_problems.Any(p => p.Kind.Severity == Severity.Error))
            {
                return null;
            }

            problems.Clear();
            context = context.ForNextProgram();
        }

        try
        {
            programs.Reverse();
            return WithSizes(programs, context.Weights());
        }
        catch (Exception e) when (e is ShapeException or OverflowException)
        {
            _problems.Add(new(ProblemKinds.HostileModel, $"its inputs and outputs are too large: {e.Message}"));
            return null;
        }
    }

    private string Said(int[] sizes) => "with " + string.Join(", ", options.Ranges.Select((r, i) => $"{r.Symbol}={sizes[i]}"));

    private ImportResult Import(int[] sizes) =>
        OnnxImporter.Import(
            source,
            options.With([
                .. options.Dimensions.Select(d => new DimensionRange(d.Symbol, d.Size, d.Size)),
                .. options.Ranges.Select((r, i) => new DimensionRange(r.Symbol, sizes[i], sizes[i])),
            ])
        );

    private ProgramSet? WithSizes(List<KernelProgram> programs, WeightImage weights)
    {
        var last = programs[programs.Count - 1];
        if (!programs.All(p => AreAlike(p.Inputs, last.Inputs) && AreAlike(p.Outputs, last.Outputs)))
        {
            Invalid("it decides how many inputs and outputs there are, or how many dimensions they have; give one size");
            return null;
        }

        if (programs.Any(p => p.Counts.Count > 0))
        {
            Invalid("the model has outputs whose size only the data give; give one size");
            return null;
        }

        var set = new ProgramSet(
            WithCommonEdges(programs),
            weights,
            new SizeTable(
                options.Ranges,
                _itemRange,
                Sized(programs, p => p.Inputs, _batch?.Inputs),
                Sized(programs, p => p.Outputs, _batch?.Outputs)
            )
        );
        CheckPorts(set.Inputs);
        CheckPorts(set.Outputs);
        CheckRanges(set.Sizes!);
        return set;
    }

    private static EquatableArray<SizedPort> Sized(
        List<KernelProgram> programs,
        Func<KernelProgram, EquatableArray<ModelPort>> ports,
        IReadOnlyList<int?>? items
    ) => ports(programs[0]).Select((_, i) => new SizedPort(programs.Select(p => ports(p)[i].Type.Shape).ToArray(), items?[i])).ToArray();

    /// <summary>The state of an instance has one size.</summary>
    private void CheckPorts(EquatableArray<ModelPort> ports)
    {
        foreach (var port in ports.Where(p => p is { State: not null, Smallest: not null }))
        {
            Invalid($"the state '{port.Name}' is {port.Type.Element}{port.Sizes}, and has to have one size");
        }
    }

    private void CheckRanges(SizeTable sizes)
    {
        for (var range = 0; range < options.Ranges.Count; range++)
        {
            if (range != _itemRange && !sizes.Inputs.Any(i => sizes.Matters(range, i)))
            {
                Invalid($"no input has a dimension '{options.Ranges[range].Symbol}'");
            }
        }
    }

    private static bool AreAlike(EquatableArray<ModelPort> ports, EquatableArray<ModelPort> others) =>
        ports.Count == others.Count
        && ports
            .Zip(others, (p, o) => p.Name == o.Name && p.Type.Element == o.Type.Element && p.Type.Shape.Rank == o.Type.Shape.Rank)
            .All(same => same);

    /// <summary>A port has raw integers where they are the same in every program.</summary>
    private static EquatableArray<KernelProgram> WithCommonEdges(List<KernelProgram> programs)
    {
        var (inputs, outputs) = (Common(programs, p => p.Inputs), Common(programs, p => p.Outputs));
        return programs
            .Select(p =>
                p with
                {
                    Inputs = p.Inputs.Zip(inputs, (port, raw) => port with { Quantization = raw }).ToArray(),
                    Outputs = p.Outputs.Zip(outputs, (port, raw) => port with { Quantization = raw }).ToArray(),
                    Edges = p.Edges.Where(e => (e.IsInput ? inputs : outputs)[e.Port] is not null).ToArray(),
                }
            )
            .ToArray();
    }

    private static Quantization?[] Common(List<KernelProgram> programs, Func<KernelProgram, EquatableArray<ModelPort>> ports) =>
        [
            .. ports(programs[0])
                .Select((port, i) => programs.All(p => ports(p)[i].Quantization == port.Quantization) ? port.Quantization : null),
        ];

    private void Invalid(string fault) =>
        _problems.Add(
            new(ProblemKinds.InvalidOption, $"Dimensions: {string.Join(", ", options.Ranges.Select(r => r.ToString()))}: {fault}")
        );
}
