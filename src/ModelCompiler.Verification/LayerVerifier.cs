using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>A value inside of a model, as the compiled code and ONNX Runtime compute it.</summary>
/// <param name="Node">Name of the node that computes it.</param>
/// <param name="Operator">The node's operator.</param>
/// <param name="Output">Name of the value.</param>
/// <param name="Type">Element type and shape.</param>
/// <param name="Comparison">How the two compare.</param>
public sealed record LayerAgreement(string Node, string Operator, string Output, TensorType Type, Comparison Comparison);

/// <summary>Finds the first layer whose output differs from ONNX Runtime's.</summary>
public static class LayerVerifier
{
    // Differences of earlier layers add up on the way; what is looked for is the layer where they jump.
    private const double Relative = 1e-3;

    /// <summary>
    /// Makes the values inside of the model outputs, all at once, and compares them in order. Being an output keeps a value from
    /// being fused away: where the whole model differs though no such value does, the fault lies in a fusion, and values are
    /// exposed one at a time instead, halving the range in which the first difference lies.
    /// </summary>
    public static IReadOnlyList<LayerAgreement> Run(
        OnnxFile file,
        CompileOptions options,
        IReadOnlyList<TestDataSet> data,
        Func<ModelSource, CompileOptions, CompiledModel> compile
    )
    {
        var candidates = Candidates(file.Proto!);
        var all = Compare(candidates);
        if (all.Any(l => !l.Comparison.Agrees) || OutputsAlone().All(l => l.Comparison.Agrees))
        {
            return all;
        }

        var single = new SortedDictionary<int, IReadOnlyList<LayerAgreement>>();
        var (agreeing, differing) = (-1, candidates.Count);
        while (differing - agreeing > 1)
        {
            var middle = (agreeing + differing) / 2;
            var found = Compare([candidates[middle]]);
            single[middle] = found;
            (agreeing, differing) = found.All(l => l.Comparison.Agrees) ? (middle, differing) : (agreeing, middle);
        }

        return [.. single.Values.SelectMany(l => l), .. OutputsAlone().Where(_ => differing == candidates.Count)];

        IReadOnlyList<LayerAgreement> OutputsAlone() => CompareExposed(file, options, data, compile, [.. GraphOutputs(file.Proto!)], file);

        IReadOnlyList<LayerAgreement> Compare(IReadOnlyList<Candidate> exposed) =>
            CompareExposed(file, options, data, compile, exposed, ExposedModel.With(file, exposed.Select(c => c.Value)));
    }

    private sealed record Candidate(NodeProto Node, string Value);

    private static List<LayerAgreement> CompareExposed(
        OnnxFile file,
        CompileOptions options,
        IReadOnlyList<TestDataSet> data,
        Func<ModelSource, CompileOptions, CompiledModel> compile,
        IReadOnlyList<Candidate> exposed,
        OnnxFile model
    )
    {
        var compiled = compile(model.Source, options);
        if (!compiled.Succeeded)
        {
            throw new InvalidDataException(
                $"{file.Path} compiles, but not with its inner values as outputs: {string.Join("; ", compiled.Problems)}"
            );
        }

        using var network = CompiledNetwork.Load(compiled, options);
        var recorded = data.FirstOrDefault(d => network.Inputs.All(p => d.Inputs.Any(i => i.Name == p.Name && i.Type == p.Type)))?.Inputs;
        var given = recorded ?? RandomInputs.For(file, network.Inputs);
        var inputs = network.Inputs.Select(p => given.First(i => i.Name == p.Name)).ToList();
        using var oracle = new OnnxRuntimeOracle(ByteWeights.Of(model).Bytes, signedQuantisedOperators: true, folder: model.Folder)
        {
            Fixed = model.FixedInputs(options.Dimensions),
        };
        var expected = oracle.Run(inputs).ToDictionary(t => t.Name, StringComparer.Ordinal);
        var actual = network.Run([.. inputs.Select(i => i.Elements)]).ToDictionary(t => t.Name, StringComparer.Ordinal);
        return
        [
            .. exposed
                .Where(c => expected.ContainsKey(c.Value))
                .Select(c => new LayerAgreement(
                    c.Node.Name.Length > 0 ? c.Node.Name : c.Value,
                    c.Node.OpType,
                    c.Value,
                    actual[c.Value].Type,
                    Comparison.Of(expected[c.Value], actual[c.Value], new Tolerance(Relative, 0, OfLargest: Relative))
                )),
        ];
    }

    /// <summary>
    /// The values worth looking at, in the order of the graph: not those that are known at compile time, and in quantised models
    /// only the quantised ones, because the floats between them do not exist in compiled code.
    /// </summary>
    private static List<Candidate> Candidates(ModelProto model)
    {
        var constant = model.Graph.Initializer.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        var quantised = model.Graph.Node.Any(QuantisedOutput.IsQuantised);
        var candidates = new List<Candidate>();
        foreach (var node in model.Graph.Node)
        {
            var outputs = node.Output.Where(o => o.Length > 0).ToList();
            if (node.OpType is "Shape" or "Size" or "Constant" || node.Input.All(i => i.Length == 0 || constant.Contains(i)))
            {
                constant.UnionWith(outputs);
            }
            else if (!quantised || QuantisedOutput.IsQuantised(node))
            {
                candidates.AddRange(outputs.Select(o => new Candidate(node, o)));
            }
        }

        return candidates;
    }

    private static IEnumerable<Candidate> GraphOutputs(ModelProto model) =>
        model.Graph.Output.Select(o => new Candidate(
            model.Graph.Node.FirstOrDefault(n => n.Output.Contains(o.Name)) ?? new NodeProto(),
            o.Name
        ));
}
