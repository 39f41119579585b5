using System.Text.RegularExpressions;
using Google.Protobuf;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs;

/// <summary>
/// A network out of an ONNX file whose initialisers are parameters: it is executed with libtorch, for batches of any size, gradients
/// flow to the parameters, and the file can be written again with what became of them. libtorch has to be loaded.
/// </summary>
public sealed class TrainableModel : IDisposable
{
    /// <summary>Sizes of batch whose graphs are kept: one to train with, one of what is left over, the same to measure with.</summary>
    private const int MaxExecutions = 4;

    private readonly ModelSource _source;
    private readonly BatchedModel _batches;
    private readonly List<(int Batch, GraphExecution Execution)> _executions = [];
    private readonly Dictionary<string, TrainableParameter> _byName;
    private IReadOnlyList<string> _observed = [];

    private TrainableModel(ModelSource source, BatchedModel batches, IReadOnlyList<TrainableParameter> parameters)
    {
        (_source, _batches, Parameters) = (source, batches, parameters);
        _byName = parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);
        var graph = Execution(FileBatch).Graph;
        Inputs = [.. graph.Inputs.Where(i => !_byName.ContainsKey(i.Name)).Select(i => new ModelPort(i.Name, i.Type))];
        Outputs = [.. graph.Outputs.Select(o => new ModelPort(o.Name, o.Value.Type))];
    }

    /// <summary>The model's inputs, for <see cref="FileBatch"/> items.</summary>
    public IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>The model's outputs, for <see cref="FileBatch"/> items.</summary>
    public IReadOnlyList<ModelPort> Outputs { get; }

    /// <summary>What training changes, in the order of the file.</summary>
    public IReadOnlyList<TrainableParameter> Parameters { get; }

    /// <summary>Items of a batch in the file; a batch in training is a multiple of it.</summary>
    public int FileBatch => _batches.FileBatch;

    /// <summary>Whether normalisation goes by the statistics of a batch, which running ones follow.</summary>
    public bool IsTraining { get; set; }

    /// <summary>Whether quantised numbers are integers. Where they are not, the network is continuous.</summary>
    internal bool Rounds { get; set; } = true;

    /// <summary>What is done to the parameters around every step of an optimiser. They belong to the model, and may change between epochs.</summary>
    public IList<IParameterConstraint> Constraints { get; } = [];

    /// <summary>Opens a model.</summary>
    /// <param name="source">The file.</param>
    /// <param name="dimensions">Sizes of symbolic dimensions other than the batch.</param>
    /// <exception cref="TrainingException">It cannot be trained; the message says why.</exception>
    public static TrainableModel Open(ModelSource source, params IEnumerable<DimensionBinding> dimensions)
    {
        try
        {
            var options = new CompileOptions { Dimensions = dimensions.ToArray() };
            var model = OnnxModel.Read(source);
            if (model.Inputs.Count == 0 || model.Inputs.Count != model.Graph.Input.Count)
            {
                throw new TrainingException($"{source.Path}: training needs inputs that are tensors of known rank");
            }

            var batches = new BatchedModel(model, source, options, [.. model.Inputs.Select(i => i.Name)]);
            batches.RequireWhole();
            ConstantNodes.Apply(model);
            var initialisers = TrainableInitialisers.Find(model);
            if (initialisers.All(p => p.Role == ParameterRole.Statistic))
            {
                throw new TrainingException($"{source.Path}: there are no float initialisers to train");
            }

            TrainableInitialisers.MakeInputs(model, initialisers);
            var opened = new TrainableModel(source, batches, [.. initialisers.Select(i => new TrainableParameter(i))]);
            BatchCheck.Run(opened);
            return opened;
        }
        catch (CompressionException e)
        {
            throw new TrainingException(e.Message, e);
        }
        catch (Exception e) when (e is ShapeException or Diagnostics.ProblemException)
        {
            throw new TrainingException($"{source.Path}: {e.Message}", e);
        }
    }

    /// <summary>Computes all outputs of a batch.</summary>
    /// <param name="inputs">The inputs in order; dimension <see cref="BatchAxis"/> counts items.</param>
    public NetworkOutputs Forward(params IReadOnlyList<Tensor> inputs)
    {
        var values = Parameters.ToDictionary(p => p.Name, p => (Tensor)p.Tensor);
        for (var i = 0; i < Inputs.Count; i++)
        {
            values.Add(Inputs[i].Name, inputs[i]);
        }

        var batch = BatchAxis(Inputs[0]) is { } axis ? (int)inputs[0].shape[axis] : 1;
        return Execution(batch).Run(values, name => IsTraining && _byName.TryGetValue(name, out var p) && !p.IsFrozen, Rounds);
    }

    /// <summary>The dimension of an input that counts the items of a batch, mostly the first; null where all items share it.</summary>
    public int? BatchAxis(ModelPort input) => _batches.BatchAxis(input.Name);

    /// <summary>Makes parameters stay as they are.</summary>
    /// <param name="pattern">Their names; <c>*</c> stands for any characters, <c>?</c> for one.</param>
    /// <returns>How many parameters have such a name.</returns>
    public int Freeze(string pattern)
    {
        var expression = "^" + Regex.Escape(pattern).Replace(@"\*", ".*").Replace(@"\?", ".") + "$";
        var matching = Parameters.Where(p => Regex.IsMatch(p.Name, expression, RegexOptions.Singleline)).ToList();
        matching.ForEach(p => p.Freeze());
        return matching.Count;
    }

    /// <summary>Whether some node computes a value of a name.</summary>
    internal bool HasValue(string name) => _batches.HasValue(name);

    /// <summary>Has <see cref="Forward"/> give inner values, which the model has to have.</summary>
    internal void Observe(params IReadOnlyList<string> names)
    {
        if (!names.SequenceEqual(_observed))
        {
            _executions.ForEach(e => e.Execution.Dispose());
            _executions.Clear();
            _observed = names;
        }
    }

    /// <summary>The file with the parameters as they are now, and everything else as it was.</summary>
    public byte[] ToOnnx()
    {
        var model = OnnxModel.Read(_source);
        var tensors = model
            .Graph.Node.Where(n => n.OpType == "Constant")
            .SelectMany(n => n.Attribute.Where(a => a.Name == "value" && a.T is not null).Select(a => (Name: n.Output[0], Tensor: a.T)))
            .Concat(model.Graph.Initializer.Select(i => (i.Name, Tensor: i)))
            .ToLookup(t => t.Name, t => t.Tensor, StringComparer.Ordinal);
        foreach (var parameter in Parameters)
        {
            var proto = tensors[parameter.Name].First();
            var content = Stored(parameter);
            proto.FloatData.Clear();
            proto.Int32Data.Clear();
            proto.RawData = ByteString.CopyFrom(content);
        }

        return model.Proto.ToByteArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _executions.ForEach(e => e.Execution.Dispose());
        foreach (var constraint in Constraints)
        {
            constraint.Dispose();
        }

        foreach (var parameter in Parameters)
        {
            parameter.Dispose();
        }
    }

    /// <summary>The bytes of a parameter in the file: floats, or the integers nearest to them.</summary>
    private static byte[] Stored(TrainableParameter parameter)
    {
        var (reals, type) = (parameter.ToArray(), parameter.Source.Constant.Type);
        if (parameter.Source.Grid is not { } grid)
        {
            return [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(reals)];
        }

        var elements = Elements.Allocate(type);
        var bytes = Elements.Bytes(elements);
        var size = type.Element.SizeInBytes();
        for (var i = 0; i < reals.Length; i++)
        {
            var g = grid.IndexOf(type.Shape, i);
            var integer = QuantizationRules.Quantize(reals[i], grid.Scales[g], grid.ZeroPoints[g], type.Element);
            BitConverter.GetBytes((long)integer).AsSpan(0, size).CopyTo(bytes[(i * size)..]);
        }

        return Elements.InFile(new NamedTensor(parameter.Name, type, elements));
    }

    private GraphExecution Execution(int batch)
    {
        var index = _executions.FindIndex(e => e.Batch == batch);
        if (index < 0)
        {
            if (_executions.Count == MaxExecutions)
            {
                _executions[0].Execution.Dispose();
                _executions.RemoveAt(0);
            }

            var graph = _batches.Import(batch, _observed);
            _executions.Add((batch, new GraphExecution(graph, graph.Outputs.Length - _batches.Inner(_observed).Count(), _observed)));
            return _executions[^1].Execution;
        }

        // The last one was used last.
        var found = _executions[index];
        _executions.RemoveAt(index);
        _executions.Add(found);
        return found.Execution;
    }
}
