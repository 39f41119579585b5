using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>One import of one model: its interface, and what is between.</summary>
internal sealed class OnnxGraphImport(ModelSource source, CompileOptions options, ModelProto model)
{
    private readonly GraphBuilder _builder = new() { FoldingBudget = FoldingBudget.ForFile(source.Bytes.Length) };
    private readonly ImportProblems _problems = new(source);
    private readonly OnnxScope _graph = OnnxScope.OfModel(model);

    public ImportResult Run()
    {
        if (model.Graph is null)
        {
            _problems.Report(ProblemKinds.NotAModel, "the file has no graph: it is not an ONNX model, or it is damaged");
            return new(null, [.. _problems.Found]);
        }

        if (model.OpsetImport.Count == 0)
        {
            _problems.Report(
                ProblemKinds.NotAModel,
                "the file does not say which version of the operators it uses (opset_import is missing)"
            );
        }

        try
        {
            var bodies = new OnnxBodyImport(source, model, _problems);
            bodies.ReadInitializers(model.Graph, _graph);
            ReadInputs();
            bodies.ReadNodes(model.Graph.Node, _graph, _builder);
        }
        catch (LimitExceededException e)
        {
            _problems.Report(ProblemKinds.HostileModel, e.Message);
        }

        var outputs = ReadOutputs();
        return new(_problems.HasErrors ? null : _builder.Build(model.Graph.Name, outputs), [.. _problems.Found]);
    }

    private void ReadInputs()
    {
        var inputs = new OnnxInputs(options, _builder, _problems);
        // Before IR version 4 initialisers are listed as inputs too.
        foreach (var input in model.Graph.Input.Where(i => !_graph.Defines(i.Name)))
        {
            _problems.Attempt($"input '{input.Name}'", () => _graph.Define(input.Name, inputs.Read(input)));
            _graph.TryAdd(input.Name, null);
        }
    }

    private List<GraphOutput> ReadOutputs()
    {
        var outputs = new List<GraphOutput>();
        if (model.Graph.Output.Count == 0)
        {
            _problems.Report(ProblemKinds.BrokenGraph, "the graph has no outputs");
        }

        foreach (var output in model.Graph.Output)
        {
            if (!_graph.TryGet(output.Name, out var value))
            {
                _problems.Report(ProblemKinds.BrokenGraph, $"output '{output.Name}' is produced by no node");
            }
            else if (value is OnnxTensor tensor)
            {
                _builder.CurrentName = output.Name;
                outputs.Add(new GraphOutput(output.Name, tensor.Value));
            }
            else if (value is OnnxSequence sequence)
            {
                outputs.AddRange(sequence.Items.Select((item, i) => new GraphOutput(OnnxInputs.ItemName(output.Name, i), item)));
            }
            else if (value is OnnxUnsized)
            {
                _problems.Report(
                    ProblemKinds.UnsupportedForm,
                    $"output '{output.Name}' is {value.Description}; tensors of known shapes are supported"
                );
            }
        }

        if (outputs.Count == 0 && !_problems.HasErrors)
        {
            _problems.Report(
                ProblemKinds.UnsupportedForm,
                "all outputs are empty sequences or optionals without a value: nothing is computed"
            );
        }

        return RunTimeSizes.OfOutputs(outputs, _builder);
    }
}
