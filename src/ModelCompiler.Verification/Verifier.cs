using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;

namespace ModelCompiler.Verification;

/// <summary>How one output compares with one reference.</summary>
/// <param name="Name">The output, or a quantised tensor inside of the model.</param>
/// <param name="Against">The name of a set of recorded data, or <c>onnxruntime</c>.</param>
/// <param name="DataSet">The set whose inputs were used, or <c>random</c>.</param>
/// <param name="Comparison">The numbers.</param>
/// <param name="MaxQuanta">Largest difference in steps of the quantisation; null where the tensor is not quantised.</param>
public sealed record OutputAgreement(string Name, string Against, string DataSet, Comparison Comparison, double? MaxQuanta);

/// <summary>What came of verifying a model.</summary>
/// <param name="Compiled">Whether the model compiles at all.</param>
/// <param name="Outputs">All comparisons.</param>
/// <param name="Problems">What the compiler says.</param>
/// <param name="Notes">What was left out, and why.</param>
public sealed record VerificationResult(
    bool Compiled,
    IReadOnlyList<OutputAgreement> Outputs,
    ImmutableArray<Problem> Problems,
    IReadOnlyList<string> Notes
)
{
    /// <summary>Whether something was compared and all of it agrees.</summary>
    public bool Agrees => Compiled && Outputs.Count > 0 && Outputs.All(o => o.Comparison.Agrees);
}

/// <summary>Compares a compiled model with its recorded data and with ONNX Runtime.</summary>
/// <param name="file">The model.</param>
/// <param name="options">How it is compiled.</param>
/// <param name="compile">The compiler; a test may put another in its place.</param>
public sealed class Verifier(OnnxFile file, CompileOptions options, Func<ModelSource, CompileOptions, CompiledModel> compile)
{
    /// <summary>Name of ONNX Runtime among the references.</summary>
    public const string OnnxRuntimeReference = "onnxruntime";

    private readonly List<OutputAgreement> _outputs = [];
    private readonly List<string> _notes = [];

    /// <summary>Compiles and compares.</summary>
    /// <param name="data">Recorded data; where there are none, random inputs are made.</param>
    public VerificationResult Run(IReadOnlyList<TestDataSet> data)
    {
        ImmutableArray<Problem> problems = [];
        // Data of other shapes need a compilation of their own, as they would need a line of their own in a project.
        foreach (
            var group in data.Count == 0
                ?
                [
                    [],
                ]
                : data.GroupBy(d => (ShapesFor(d), DimensionsFor(d))).Select(g => g.ToList())
        )
        {
            var bound =
                group.Count > 0 ? options with { InputShapes = ShapesFor(group[0]), Dimensions = DimensionsFor(group[0]) } : options;
            var compiled = compile(file.Source, bound);
            problems = [.. problems.Union(compiled.Problems)];
            if (!compiled.Succeeded)
            {
                return new(false, _outputs, problems, _notes);
            }

            using var network = CompiledNetwork.Load(compiled, bound);
            foreach (var (sizes, sets) in SizedDataSets.For(file, network, group, _notes))
            {
                CompareOutputs(network, sizes, sets);
                CompareQuantisedTensors(bound, sizes, sets);
            }
        }

        return new(true, _outputs, problems, _notes);
    }

    /// <summary>Explicit dimensions decide; without them the data do.</summary>
    private EquatableArray<InputShape> ShapesFor(TestDataSet set) => BindsDimensions ? options.InputShapes : set.InputShapes;

    private EquatableArray<DimensionBinding> DimensionsFor(TestDataSet set) => BindsDimensions ? options.Dimensions : set.Dimensions;

    private bool BindsDimensions => options.Dimensions.Count > 0 || options.Ranges.Count > 0;

    private void CompareOutputs(CompiledNetwork network, int[] sizes, IReadOnlyList<TestDataSet> sets)
    {
        var quantised = QuantisedOutput.Of(file.Proto!);
        using var oracle = Oracle(file);
        foreach (var set in sets)
        {
            var inputs = network.Inputs.Select(p => set.Inputs.First(i => i.Name == p.Name)).ToList();
            var actual = network.RunAt(sizes, [.. inputs.Select(i => i.Elements)]);
            foreach (var expected in set.Outputs)
            {
                Compare(expected, actual, set.Name, set.Name, quantised);
            }

            foreach (var expected in RunOracle(oracle, inputs))
            {
                Compare(expected, actual, OnnxRuntimeReference, set.Name, quantised);
            }
        }
    }

    private void Compare(
        NamedTensor expected,
        IReadOnlyList<NamedTensor> actual,
        string against,
        string set,
        IReadOnlyList<QuantisedOutput> quantised
    )
    {
        var found = actual.First(a => a.Name == expected.Name);
        var quantum = quantised.FirstOrDefault(q => q.Output == expected.Name);
        // Rounding in the float operators behind the quantum comes on top of it.
        var tolerance = quantum is null
            ? Tolerance.Float
            : Tolerance.Float with
            {
                Absolute = Tolerance.Float.Absolute + (quantum.Scale * 1.001),
                Quanta = 1,
            };
        var comparison = Comparison.Of(expected, found, tolerance);
        _outputs.Add(new(expected.Name, against, set, comparison, quantum is null ? null : comparison.MaxAbs / quantum.Scale));
    }

    /// <summary>The last quantised tensor before each output must be ONNX Runtime's to the bit.</summary>
    private void CompareQuantisedTensors(CompileOptions bound, int[] sizes, IReadOnlyList<TestDataSet> sets)
    {
        var tensors = QuantisedOutput.Of(file.Proto!).Select(q => q.Tensor).Distinct().ToList();
        if (tensors.Count == 0)
        {
            return;
        }

        var exposed = ExposedModel.With(file, tensors);
        using var oracle = Oracle(ByteWeights.Of(exposed));
        if (oracle is null)
        {
            return;
        }

        var compiled = compile(exposed.Source, bound);
        if (!compiled.Succeeded)
        {
            _notes.Add($"the last quantised tensors were not compared: {string.Join("; ", compiled.Problems)}");
            return;
        }

        using var network = CompiledNetwork.Load(compiled, bound);
        foreach (var set in sets)
        {
            var inputs = network.Inputs.Select(p => set.Inputs.First(i => i.Name == p.Name)).ToList();
            var actual = network.RunAt(sizes, [.. inputs.Select(i => i.Elements)]);
            foreach (var expected in RunOracle(oracle, inputs).Where(e => tensors.Contains(e.Name)))
            {
                var comparison = Comparison.Of(expected, actual.First(a => a.Name == expected.Name), new Tolerance(0, 0));
                _outputs.Add(new(expected.Name, OnnxRuntimeReference, set.Name, comparison, comparison.MaxAbs));
            }
        }
    }

    private IReadOnlyList<NamedTensor> RunOracle(OnnxRuntimeOracle? oracle, List<NamedTensor> inputs)
    {
        try
        {
            return oracle?.Run(inputs) ?? [];
        }
        catch (OnnxRuntimeException e)
        {
            _notes.Add($"not compared with ONNX Runtime, which stops while it runs the model: {e.Message}");
            return [];
        }
    }

    /// <summary>ONNX Runtime on a model; null, with a note, where it refuses it.</summary>
    private OnnxRuntimeOracle? Oracle(OnnxFile model)
    {
        try
        {
            return new OnnxRuntimeOracle(model.Bytes, signedQuantisedOperators: true, folder: model.Folder)
            {
                Fixed = model.FixedInputs(options.Dimensions),
            };
        }
        catch (OnnxRuntimeException e)
        {
            _notes.Add($"not compared with ONNX Runtime, which refuses the model: {e.Message}");
            return null;
        }
    }
}
