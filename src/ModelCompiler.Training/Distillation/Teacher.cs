using ModelCompiler.Compression;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Distillation;

/// <summary>A network that a student learns from. It stays as it is, and normalises by its running statistics.</summary>
public abstract class Teacher : IDisposable
{
    private protected Teacher(ModelSource source) =>
        (Path, Hash) = (source.Path, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(source.Bytes)));

    /// <summary>Where the network is from, for messages.</summary>
    public string Path { get; }

    /// <summary>Items of a batch in the file; 1 where it leaves that open.</summary>
    public abstract int FileBatch { get; }

    /// <summary>The inputs, for <see cref="FileBatch"/> items.</summary>
    public abstract IReadOnlyList<ModelPort> Inputs { get; }

    /// <summary>Tells the file from others.</summary>
    internal string Hash { get; }

    /// <summary>Opens a teacher: executed with libtorch where it can be, and with ONNX Runtime where an operator has no form there.</summary>
    /// <param name="source">The file.</param>
    /// <param name="dimensions">Sizes of symbolic dimensions other than the batch.</param>
    /// <exception cref="TrainingException">Neither takes it; the message says why.</exception>
    public static Teacher Open(ModelSource source, params IReadOnlyList<DimensionBinding> dimensions)
    {
        try
        {
            return new TorchTeacher(source, TrainableModel.Open(source, dimensions));
        }
        catch (TrainingException e)
        {
            // What cannot be trained can still be run, unless it is damaged.
            return RuntimeTeacher.TryOpen(source, dimensions)
                ?? throw new TrainingException($"the teacher '{source.Path}' cannot be run: {e.Message}", e);
        }
    }

    /// <summary>Computes the outputs for a batch, without gradients.</summary>
    /// <param name="inputs">The teacher's inputs in order.</param>
    public abstract NetworkOutputs Answer(IReadOnlyList<Tensor> inputs);

    /// <summary>The dimension of an input that counts items; null where all items share it.</summary>
    public abstract int? BatchAxis(ModelPort input);

    /// <summary>Whether the network has an inner value of a name.</summary>
    internal abstract bool Has(string value);

    /// <summary>Has <see cref="Answer"/> give inner values, which the network has to have.</summary>
    internal abstract void Observe(params IReadOnlyList<string> values);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the teacher holds.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>A teacher that libtorch executes.</summary>
internal sealed class TorchTeacher(ModelSource source, TrainableModel model) : Teacher(source)
{
    public override int FileBatch => model.FileBatch;

    public override IReadOnlyList<ModelPort> Inputs => model.Inputs;

    public override int? BatchAxis(ModelPort input) => model.BatchAxis(input);

    public override NetworkOutputs Answer(IReadOnlyList<Tensor> inputs)
    {
        using var noGradient = no_grad();
        return model.Forward(inputs);
    }

    internal override bool Has(string value) => model.HasValue(value);

    internal override void Observe(params IReadOnlyList<string> values) => model.Observe(values);

    protected override void Dispose(bool disposing) => model.Dispose();
}
