using System.Diagnostics;
using System.Text.RegularExpressions;
using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Verification;

namespace ModelCompiler.Conformance;

/// <summary>Runs one folder through the compiler, Roslyn and the network itself.</summary>
public static partial class ConformanceCase
{
    // The relative tolerance of ONNX's own backend tests. Their absolute one is 1e-7; sums are reordered here, and where a sum
    // cancels to nearly nothing its rounding errors stay.
    private static readonly Tolerance Exact = new(1e-3, 1e-5);

    private static readonly ProblemKind[] Unsupported =
    [
        ProblemKinds.UnsupportedOperator,
        ProblemKinds.UnsupportedForm,
        ProblemKinds.UnboundDimension,
    ];

    /// <summary>The cases below a folder, by their paths, in order.</summary>
    public static IReadOnlyList<string> Find(string root, string? filter) =>
        [
            .. Directory
                .EnumerateFiles(root, "model.onnx", SearchOption.AllDirectories)
                .Select(f => Path.GetDirectoryName(f)!)
                .Where(d => TestDataSet.Find(d).Count > 0)
                .Select(d => Path.GetRelativePath(root, d))
                .Where(n => filter is null || n.Contains(filter, StringComparison.OrdinalIgnoreCase))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Runs one case. What the compiler throws is a failure of the case.</summary>
    public static CaseResult Run(string root, string name)
    {
        var watch = Stopwatch.StartNew();
        var result = RunGuarded(Path.Combine(root, name), name);
        return result with { Milliseconds = watch.ElapsedMilliseconds };
    }

    private static CaseResult RunGuarded(string folder, string name)
    {
        try
        {
            var file = OnnxFile.Read(Path.Combine(folder, "model.onnx"));
            foreach (var set in TestDataSet.Find(folder).Select(d => TestDataSet.Load(file, d)))
            {
                if (RunSet(file, set, name) is { Status: not CaseStatus.Passed } result)
                {
                    return result;
                }
            }

            return new(name, CaseStatus.Passed, "", [], 0);
        }
        catch (Exception e)
        {
            // Whatever it is: a model must not be able to make the compiler throw.
            return CaseResult.Failure(name, $"{e.GetType().Name}: {e.Message}\n{FirstFrames(e)}");
        }
    }

    private static CaseResult RunSet(OnnxFile file, TestDataSet set, string name)
    {
        var options = new CompileOptions
        {
            ClassName = "ConformanceModel",
            InputShapes = set.InputShapes,
            Dimensions = set.Dimensions,
        };
        var compiled = ModelCompilation.Compile(file.Source, options);
        for (var kept = 1; kept >= 0 && !compiled.Succeeded; kept--)
        {
            // Tests of single operators feed shapes, axes and pads at run time, which no network does.
            if (
                WithConstantParameters(file, set, kept) is { } bound
                && ModelCompilation.Compile(bound.Source, options) is { Succeeded: true } again
            )
            {
                compiled = again;
            }
        }

        if (!compiled.Succeeded)
        {
            return NotCompiled(name, [.. compiled.Problems.Where(p => p.Kind.Severity == Severity.Error)]);
        }

        using var network = CompiledNetwork.Load(compiled, options);
        var inputs = network.Inputs.Select(p => set.Inputs.FirstOrDefault(i => i.Name == p.Name)).ToArray();
        if (Array.IndexOf(inputs, null) is >= 0 and var missing)
        {
            return CaseResult.Failure(name, $"{set.Name} has no tensor for input '{network.Inputs[missing].Name}'");
        }

        var actual = network.Run([.. inputs.Select(i => i!.Elements)]);
        var quantised = QuantisedOutput.Of(file.Proto!);
        var differences = set
            .Outputs.Select(expected =>
            {
                var found = actual.FirstOrDefault(a => a.Name == expected.Name);
                return found is null ? $"{set.Name}: no output '{expected.Name}'"
                    : Comparison.Of(expected, found, ToleranceOf(file, quantised, expected.Name)).FirstDifference is { } difference
                        ? $"{set.Name}: output '{expected.Name}' {expected.Type}: {difference}"
                    : null;
            })
            .OfType<string>()
            .ToList();
        differences.AddRange(set.Surplus(actual).Select(s => $"{set.Name}: output '{s}' has too many elements"));
        return differences.Count > 0 ? CaseResult.Failure(name, string.Join("\n", differences)) : new(name, CaseStatus.Passed, "", [], 0);
    }

    /// <summary>The model with the test's values in the place of all inputs behind the first ones; null where there are no others.</summary>
    private static OnnxFile? WithConstantParameters(OnnxFile file, TestDataSet set, int kept)
    {
        var names = file.Inputs().Skip(kept).Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        var values = set.Inputs.Where(i => names.Contains(i.Name)).ToArray();
        if (file.Proto is null || values.Length == 0)
        {
            return null;
        }

        var model = file.Proto.Clone();
        foreach (var value in values)
        {
            model.Graph.Input.Remove(model.Graph.Input.First(i => i.Name == value.Name));
            var initialiser = new TensorProto
            {
                Name = value.Name,
                DataType = (int)value.Type.Element,
                RawData = ByteString.CopyFrom(Elements.InFile(value)),
            };
            initialiser.Dims.AddRange(value.Type.Shape.Select(d => (long)d));
            model.Graph.Initializer.Add(initialiser);
        }

        return OnnxFile.Of(file.Path, model);
    }

    /// <summary>
    /// An operator alone is exact in its integers. In a network of several quantised operators a recorded output may be one
    /// quantum off, because runtimes differ in what they fuse.
    /// </summary>
    private static Tolerance ToleranceOf(OnnxFile file, IReadOnlyList<QuantisedOutput> quantised, string output)
    {
        if (file.Proto!.Graph.Node.All(n => n.OpType is "Cast" or "CastLike"))
        {
            return Tolerance.None;
        }

        if (file.Proto.Graph.Node.Count(n => n.OpType != "Constant") < 2 || !file.Proto.Graph.Node.Any(QuantisedOutput.IsQuantised))
        {
            return Exact;
        }

        var quantum = quantised.FirstOrDefault(q => q.Output == output)?.Scale ?? 0;
        return Exact with { Absolute = Exact.Absolute + (quantum * 1.001), Quanta = 1 };
    }

    private static CaseResult NotCompiled(string name, Problem[] errors)
    {
        var skipped = errors.Length > 0 && errors.All(p => Unsupported.Contains(p.Kind));
        var reason = string.Join("\n", errors.Select(p => p.ToString()));
        return new(
            name,
            skipped ? CaseStatus.Skipped : CaseStatus.Failed,
            errors.Length > 0 ? reason : "the compiler gave neither code nor an error",
            skipped ? [.. errors.Select(GroupOf).Distinct()] : [],
            0
        );
    }

    /// <summary>
    /// For example <c>MC0003 Bernoulli: is at random</c>: the code, the operator and the reason where one is given; or the kind, and
    /// the element type where that is to blame.
    /// </summary>
    private static string GroupOf(Problem problem) => problem.Reason is { } reason ? $"{PlaceOf(problem)}: {reason}" : PlaceOf(problem);

    private static string PlaceOf(Problem problem) =>
        OperatorInMessage().Match(problem.Message) is { Success: true } match ? $"{problem.Kind.Code} {match.Groups[1].Value}"
        : ElementsInMessage().Match(problem.Message) is { Success: true } elements
            ? $"{problem.Kind.Code} ({problem.Kind.Title}: {elements.Groups[1].Value} elements)"
        : $"{problem.Kind.Code} ({problem.Kind.Title})";

    private static string FirstFrames(Exception e) =>
        string.Join("\n", (e.StackTrace ?? "").Split('\n').Take(3).Select(f => "  " + f.Trim()));

    [GeneratedRegex(@"node '.*' \(([\w.]+)[,)]")]
    private static partial Regex OperatorInMessage();

    [GeneratedRegex(@"element(?:s of)? type (\w+)")]
    private static partial Regex ElementsInMessage();
}
