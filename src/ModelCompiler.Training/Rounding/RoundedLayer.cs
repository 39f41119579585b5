using ModelCompiler.Compression.Quantisation;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Rounding;

/// <summary>One layer with its samples, executed by libtorch for any weights.</summary>
internal sealed class RoundedLayer : IDisposable
{
    // Samples that are run at once where all are.
    private const int Part = 32;

    private readonly RoundingTask _task;
    private readonly Tensor _inputs;
    private readonly Tensor _targets;
    private readonly Tensor _scales;
    private readonly Dictionary<int, GraphExecution> _executions = [];

    /// <summary>Prepares a layer; its tensors belong to the dispose scope around it.</summary>
    public RoundedLayer(RoundingTask task)
    {
        _task = task;
        _inputs = Stacked(task.Inputs);
        _targets = Stacked(task.Targets);
        _scales = tensor(task.Scales, TorchTypes.Sizes(task.WeightShape));
    }

    /// <summary>Real weights of integers.</summary>
    public Tensor Weights(sbyte[] integers) => Weights(tensor([.. integers.Select(q => (float)q)], TorchTypes.Sizes(_task.WeightShape)));

    /// <summary>Real weights of integers, or of what is between them.</summary>
    public Tensor Weights(Tensor integers) => (integers - _task.ZeroPoint) * _scales;

    /// <summary>Mean squared error over all samples.</summary>
    public double Error(Tensor weights)
    {
        using var noGradient = no_grad();
        var sum = 0.0;
        for (var first = 0; first < _task.Inputs.Count; first += Part)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(Part, _task.Inputs.Count - first);
            using var picked = arange(first, first + count, ScalarType.Int64);
            sum += Error(weights, picked).item<float>() * count;
        }

        return sum / _task.Inputs.Count;
    }

    /// <summary>Mean squared error over some samples at random.</summary>
    public Tensor Error(Tensor weights, Random random, int count)
    {
        count = Math.Min(count, _task.Inputs.Count);
        long[] picked = [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(_task.Inputs.Count))];
        return Error(weights, tensor(picked));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var execution in _executions.Values)
        {
            execution.Dispose();
        }
    }

    private Tensor Error(Tensor weights, Tensor picked)
    {
        var count = (int)picked.numel();
        if (!_executions.TryGetValue(count, out var execution))
        {
            execution = Prepare(count);
            _executions.Add(count, execution);
        }

        var inputs = new Dictionary<string, Tensor> { ["x"] = Picked(_inputs, picked), ["weights"] = weights };
        var output = execution.Run(inputs, _ => false).Outputs[0];
        return (output - Picked(_targets, picked)).square().mean();
    }

    private GraphExecution Prepare(int count)
    {
        var import = OnnxImporter.Import(new ModelSource(_task.Layer, _task.ModelOf(count), _ => null), new CompileOptions());
        return new GraphExecution(
            import.Graph
                ?? throw new TrainingException(
                    $"the rounding of layer '{_task.Layer}' cannot be learned: {string.Join(" ", import.Problems.Select(p => p.Message))}"
                )
        );
    }

    /// <summary>Samples, and what was the first dimension of one.</summary>
    private static Tensor Stacked(IReadOnlyList<NamedTensor> samples)
    {
        var sizes = TorchTypes.Sizes(samples[0].Type.Shape);
        return tensor([.. samples.SelectMany(s => (float[])s.Elements)], [samples.Count, .. sizes]);
    }

    private static Tensor Picked(Tensor samples, Tensor indices)
    {
        var picked = samples.index_select(0, indices);
        return picked.reshape([picked.shape[0] * picked.shape[1], .. picked.shape[2..]]);
    }
}
