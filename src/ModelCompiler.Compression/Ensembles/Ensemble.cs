using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Ensembles;

/// <summary>How several answers become one.</summary>
public enum EnsembleRule
{
    /// <summary>The mean of the outputs, weighted where there are weights.</summary>
    Average,

    /// <summary>Along the last dimension of an output, the share of the models, or of their weights, whose highest score is there.</summary>
    Vote,
}

/// <summary>Choices for <see cref="Ensemble"/>.</summary>
/// <param name="Rule">How several answers become one.</param>
/// <param name="Weights">How much each model counts, relative to the others; null where all count alike.</param>
public sealed record EnsembleOptions(EnsembleRule Rule = EnsembleRule.Average, IReadOnlyList<double>? Weights = null)
{
    /// <summary>Sizes of symbolic dimensions.</summary>
    public CompileOptions Compile { get; init; } = new();
}

/// <summary>Makes one model of several that take and give the same.</summary>
public sealed class Ensemble
{
    private readonly IReadOnlyList<(OnnxModel Model, ModelSource Source, ValueShapes Shapes)> _members;
    private readonly ModelProto _result;
    private readonly OnnxModel _first;

    private Ensemble(IReadOnlyList<(OnnxModel, ModelSource, ValueShapes)> members)
    {
        _members = members;
        _first = _members[0].Model;
        _result = OnnxMessages.Model(_first.Graph.Name, (int)_first.Opset);
        _result.OpsetImport.Clear();
    }

    /// <summary>Combines models. The names of inputs and outputs are those of the first.</summary>
    /// <returns>Content of the ONNX file.</returns>
    /// <exception cref="CompressionException">The models do not go together.</exception>
    public static byte[] Combine(IReadOnlyList<ModelSource> sources, EnsembleOptions options)
    {
        var weights = Shares(sources.Count, options.Weights);
        var ensemble = new Ensemble([
            .. sources.Select(s =>
            {
                var model = OnnxModel.Read(s);
                return (model, s, ValueShapes.Of(model, s.Path, options.Compile));
            }),
        ]);
        ensemble.LiftOpsets();
        foreach (var (model, source, shapes) in ensemble._members)
        {
            ensemble.CheckPorts(model, source, shapes);
            ensemble.TakeDomains(model, source);
        }

        ensemble.TakeMetadata();
        ensemble.TakeGraphs();
        ensemble.Join(options.Rule, weights);
        return ensemble._result.ToByteArray();
    }

    private static float[] Shares(int models, IReadOnlyList<double>? weights)
    {
        if (models < 2)
        {
            throw new CompressionException("an ensemble has at least two models");
        }

        if (
            weights is not null
            && (weights.Count != models || weights.Any(w => !(w >= 0)) || weights.Sum() is not (> 0 and < double.PositiveInfinity))
        )
        {
            throw new CompressionException($"{models} models take as many weights, none of them negative and not all of them 0");
        }

        return [.. Enumerable.Range(0, models).Select(i => (float)(weights is null ? 1.0 / models : weights[i] / weights.Sum()))];
    }

    private void LiftOpsets()
    {
        if (_members.Any(m => m.Model.Opset != _first.Opset))
        {
            foreach (var (model, source, shapes) in _members)
            {
                OpsetUpgrade.Apply(model, source.Path, value => shapes.Find(value)?.Rank);
            }
        }
    }

    private void CheckPorts(OnnxModel model, ModelSource source, ValueShapes shapes)
    {
        Check("input", model.Graph.Input, _first.Graph.Input);
        Check("output", model.Graph.Output, _first.Graph.Output);

        void Check(string kind, IList<ValueInfoProto> ports, IList<ValueInfoProto> wanted)
        {
            var same =
                ports.Count == wanted.Count
                && ports
                    .Zip(wanted)
                    .All(p =>
                        p.First.Type?.TensorType?.ElemType == p.Second.Type?.TensorType?.ElemType
                        && shapes.Find(p.First.Name) is { } shape
                        && shape == _members[0].Shapes.Find(p.Second.Name)
                    );
            if (!same)
            {
                throw new CompressionException(
                    $"{source.Path} does not have the {kind}s of {_members[0].Source.Path}: the models of an ensemble have as many, of the same types, in the same order"
                );
            }
        }
    }

    private void TakeDomains(OnnxModel model, ModelSource source)
    {
        foreach (var domain in model.Proto.OpsetImport)
        {
            var present = _result.OpsetImport.FirstOrDefault(o => OnnxDomains.Normalise(o.Domain) == OnnxDomains.Normalise(domain.Domain));
            if (present is null)
            {
                _result.OpsetImport.Add(domain.Clone());
            }
            else if (present.Version != domain.Version)
            {
                throw new CompressionException(
                    $"{source.Path} uses version {domain.Version} of the operators '{domain.Domain}', the others {present.Version}; export all models with the same"
                );
            }
        }

        foreach (var function in model.Proto.Functions)
        {
            var present = _result.Functions.FirstOrDefault(f => f.Domain == function.Domain && f.Name == function.Name);
            if (present is null)
            {
                _result.Functions.Add(function.Clone());
            }
            else if (!present.Equals(function))
            {
                throw new CompressionException(
                    $"{source.Path} has a function '{function.Name}' that differs from another model's of that name"
                );
            }
        }

        _result.IrVersion = Math.Max(_result.IrVersion, model.Proto.IrVersion);
    }

    /// <summary>Takes what all models say of themselves. Features of sound they must take alike: there is one input for all.</summary>
    private void TakeMetadata()
    {
        var audio = _members.Select(m => AudioMetadata.Of(m.Source.Path, m.Model.Proto)).ToList();
        if (audio.FindIndex(a => a != audio[0]) is > 0 and var other)
        {
            throw new CompressionException(
                $"{_members[other].Source.Path} takes other features of sound than {_members[0].Source.Path}: '{audio[other]}', not '{audio[0]}'"
            );
        }

        _result.MetadataProps.AddRange(
            _first.Proto.MetadataProps.Where(p => _members.All(m => m.Model.Proto.MetadataProps.Contains(p))).Select(p => p.Clone())
        );
    }

    /// <summary>Puts the models beside each other: all names but those of the inputs get the model's number in front.</summary>
    private void TakeGraphs()
    {
        _result.Graph.Input.AddRange(_first.Graph.Input.Select(i => i.Clone()));
        for (var member = 0; member < _members.Count; member++)
        {
            var inputs = _members[member]
                .Model.Graph.Input.Zip(_first.Graph.Input)
                .ToDictionary(p => p.First.Name, p => p.Second.Name, StringComparer.Ordinal);
            var graph = _members[member].Model.Graph.Clone();
            var prefix = Prefix(member);
            GraphNames.Rename(graph, name => inputs.GetValueOrDefault(name, prefix + name), prefix);
            _result.Graph.Node.AddRange(graph.Node);
            _result.Graph.Initializer.AddRange(graph.Initializer);
        }
    }

    private void Join(EnsembleRule rule, float[] weights)
    {
        var model = OnnxModel.Read(new ModelSource("ensemble", _result.ToByteArray(), _ => null));
        for (var port = 0; port < _first.Graph.Output.Count; port++)
        {
            var output = _first.Graph.Output[port];
            if ((ElementType)(output.Type?.TensorType?.ElemType ?? 0) != ElementType.Float32)
            {
                throw new CompressionException($"output '{output.Name}' is not of float32 numbers, which could be put together");
            }

            string? sum = null;
            for (var member = 0; member < _members.Count; member++)
            {
                // What a model gives may be an input of it, which keeps its name.
                var own = _members[member].Model.Graph.Output[port].Name;
                var index = _members[member].Model.Graph.Input.Select(i => i.Name).ToList().IndexOf(own);
                var value = index >= 0 ? _first.Graph.Input[index].Name : Prefix(member) + own;
                value = rule == EnsembleRule.Vote ? AddVote(model, value, output.Name) : value;
                var weight = model.AddConstant<float>($"{Prefix(member)}weight", ElementType.Float32, [], [weights[member]]);
                value = AddNode(model, "Mul", [value, weight], Prefix(member) + output.Name + "/weighted");
                sum =
                    sum is null ? value
                    : member + 1 < _members.Count ? AddNode(model, "Add", [sum, value], output.Name + "/sum")
                    : AddNode(model, "Add", [sum, value], output.Name);
            }

            model.Graph.Output.Add(output.Clone());
        }

        _result.Graph = model.Graph;
    }

    private string AddVote(OnnxModel model, string scores, string output)
    {
        var shape = _members[0].Shapes.Find(_first.Graph.Output.First(o => o.Name == output).Name)!;
        if (shape.Rank == 0)
        {
            throw new CompressionException($"output '{output}' is a single number, of which no vote can be taken");
        }

        var highest = AddNode(
            model,
            "ArgMax",
            [scores],
            scores + "/highest",
            OnnxMessages.Attribute("axis", (long)(shape.Rank - 1)),
            OnnxMessages.Attribute("keepdims", 0L)
        );
        var classes = model.AddConstant<long>("classes", ElementType.Int64, [], [shape[shape.Rank - 1]]);
        var values = model.AddConstant<float>("votes", ElementType.Float32, [2], [0, 1]);
        return AddNode(model, "OneHot", [highest, classes, values], scores + "/vote", OnnxMessages.Attribute("axis", -1L));
    }

    private static string AddNode(OnnxModel model, string op, IEnumerable<string> inputs, string wanted, params AttributeProto[] attributes)
    {
        var name = model.UniqueName(wanted);
        model.Graph.Node.Add(OnnxMessages.Node(name, op, inputs, name, attributes));
        model.NodesChanged();
        return name;
    }

    private static string Prefix(int member) => $"model{member}/";
}
