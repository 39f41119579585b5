using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Distillation;

/// <summary>A teacher that ONNX Runtime executes, as many items at a time as its file says.</summary>
internal sealed class RuntimeTeacher : Teacher
{
    private readonly BatchedModel _batches;
    private readonly OnnxFile _file;
    private readonly string[] _outputs;
    private readonly string _scores;
    private readonly FinalFunction _function;
    private readonly bool _areProbabilities;
    private IReadOnlyList<string> _observed = [];
    private OnnxRuntimeOracle _oracle;

    private RuntimeTeacher(ModelSource source, OnnxModel model, BatchedModel batches)
        : base(source)
    {
        _batches = batches;
        _outputs = [.. model.Graph.Output.Select(o => o.Name)];
        // The scores are what a last function is given: of all that such functions are given, the one that the importer finds.
        var given = model.Graph.Node.Where(n => n.OpType is "Softmax" or "LogSoftmax" or "Sigmoid").Select(n => n.Input[0]);
        var candidates = batches.Inner(given.Where(batches.HasValue).Distinct()).ToList();
        var graph = batches.Import(batches.FileBatch, candidates);
        Inputs = [.. graph.Inputs.Select(i => new ModelPort(i.Name, i.Type))];
        (var scores, _function, _) = GraphExecution.FindScores(graph, [.. graph.Outputs.SkipLast(candidates.Count).Select(o => o.Value)]);
        var output = graph.Outputs.FirstOrDefault(o => GraphExecution.IsFloat(o.Value)) ?? graph.Outputs[0];
        var inFile = graph.Outputs.FirstOrDefault(o => o.Value == scores);
        // Inside of one operator of the file, such as QLinearSoftmax, nothing can be observed.
        _scores = (inFile ?? output).Name;
        var isLogarithm = graph.Nodes.Any(n => n.Operator is Softmax { Logarithm: true } && n.Input(0) == scores);
        var isQuantised = EndsWithQuantisedSoftmax(graph, output.Value);
        _function = isQuantised ? FinalFunction.Softmax : _function;
        _areProbabilities = isQuantised || (inFile is null && _function != FinalFunction.None && !isLogarithm);
        _file = OnnxFile.Of(source.Path, model.Proto);
        _oracle = Load();
    }

    public override int FileBatch => _batches.FileBatch;

    public override IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>Opens a teacher; null where ONNX Runtime or the importer refuses it.</summary>
    public static RuntimeTeacher? TryOpen(ModelSource source, IReadOnlyList<DimensionBinding> dimensions)
    {
        try
        {
            var model = OnnxModel.Read(source);
            if (model.Inputs.Count == 0 || model.Inputs.Count != model.Graph.Input.Count)
            {
                return null;
            }

            var options = new CompileOptions { Dimensions = dimensions.ToArray() };
            var batches = new BatchedModel(model, source, options, [.. model.Inputs.Select(i => i.Name)]);
            return new RuntimeTeacher(source, model, batches);
        }
        catch (Exception e)
            when (e is OnnxRuntimeException or CompressionException or TrainingException or ShapeException or Diagnostics.ProblemException)
        {
            return null;
        }
    }

    public override int? BatchAxis(ModelPort input) => _batches.BatchAxis(input.Name);

    public override NetworkOutputs Answer(IReadOnlyList<Tensor> inputs)
    {
        var counted = Inputs.Select(BatchAxis).ToList();
        var first = counted.FindIndex(a => a is not null);
        var parts = first < 0 ? 1 : (int)(inputs[first].shape[counted[first]!.Value] / FileBatch);
        var answers = Enumerable
            .Range(0, parts)
            .Select(part => Run([.. inputs.Select((input, i) => Part(input, counted[i], part))]))
            .ToList();
        var byName = answers[0].Keys.ToDictionary(n => n, n => Joined([.. answers.Select(a => a[n])]), StringComparer.Ordinal);
        var scores = _areProbabilities ? TeacherScores.OfProbabilities(byName[_scores], _function) : byName[_scores];
        return new([.. _outputs.Select(o => byName[o])], scores, _function) { Observed = [.. _observed.Select(o => byName[o])] };
    }

    internal override bool Has(string value) => _batches.HasValue(value);

    internal override void Observe(params IReadOnlyList<string> values)
    {
        if (!values.SequenceEqual(_observed))
        {
            _oracle.Dispose();
            _observed = values;
            _oracle = Load();
        }
    }

    protected override void Dispose(bool disposing) => _oracle.Dispose();

    private static bool EndsWithQuantisedSoftmax(Graph graph, Value value)
    {
        while (graph.Producer(value) is { Operator: DequantizeLinear or Reshape } made)
        {
            value = made.Input(0);
        }

        return graph.Producer(value)?.Operator is QuantizedSoftmax;
    }

    private OnnxRuntimeOracle Load() => new(ExposedModel.With(_file, [_scores, .. _observed]).Bytes, folder: _file.Folder);

    private static Tensor Joined(IReadOnlyList<Tensor> parts) => parts.Count == 1 || parts[0].dim() == 0 ? parts[0] : cat([.. parts], 0);

    private Tensor Part(Tensor input, int? axis, int part) => axis is { } a ? input.narrow(a, part * FileBatch, FileBatch) : input;

    private Dictionary<string, Tensor> Run(IReadOnlyList<Tensor> inputs)
    {
        try
        {
            NamedTensor[] given = [.. Inputs.Select((port, i) => new NamedTensor(port.Name, port.Type, Elements(port, inputs[i])))];
            return _oracle.Run(given).ToDictionary(o => o.Name, o => TorchTypes.ToTensor(o.Type, o.Elements), StringComparer.Ordinal);
        }
        catch (OnnxRuntimeException e)
        {
            throw new TrainingException($"ONNX Runtime cannot run the teacher '{Path}': {e.Message.Split('\n')[0]}", e);
        }
    }

    private Array Elements(ModelPort port, Tensor values)
    {
        var whole = values.contiguous();
        return port.Type.Element switch
        {
            ElementType.Float32 => whole.data<float>().ToArray(),
            ElementType.Float64 => whole.data<double>().ToArray(),
            ElementType.Int32 => whole.data<int>().ToArray(),
            ElementType.Int64 => whole.data<long>().ToArray(),
            ElementType.Bool => whole.data<bool>().ToArray(),
            ElementType.UInt8 => Array.ConvertAll(whole.data<float>().ToArray(), v => (byte)v),
            ElementType.Int8 => Array.ConvertAll(whole.data<float>().ToArray(), v => (sbyte)v),
            _ => throw new TrainingException($"the teacher '{Path}' takes {port.Type} for '{port.Name}', which it cannot be given here"),
        };
    }
}
