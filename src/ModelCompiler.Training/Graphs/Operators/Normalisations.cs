using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Normalisation by statistics, and softmax.</summary>
internal static class Normalisations
{
    /// <summary>How far running statistics move towards those of a batch, as libtorch counts it.</summary>
    private const double Momentum = 0.1;

    /// <summary>
    /// In training the batch's own statistics count, and the running ones, inputs 3 and 4, follow them in place. A layer that is frozen,
    /// or whose statistics are not parameters of the model, stays as it is at inference.
    /// </summary>
    public static Tensor[] Batch(BatchNormalization op, OperatorInputs inputs)
    {
        var x = inputs[0];
        var rows = inputs.Shape(0).Rank == 1 ? x.unsqueeze(1) : x;
        var follows = inputs.FollowsBatches(3) && inputs.FollowsBatches(4);
        var y = functional.batch_norm(rows, inputs[3], inputs[4], inputs[1], inputs[2], follows, Momentum, op.Epsilon);
        return [inputs.Shape(0).Rank == 1 ? y.squeeze(1) : y];
    }

    public static Tensor[] Layer(LayerNormalization op, OperatorInputs inputs)
    {
        var x = inputs[0];
        long[] axes = [.. Enumerable.Range(op.Axis, inputs.Shape(0).Rank - op.Axis).Select(a => (long)a)];
        var centred = op.SubtractMean ? x - x.mean(axes, keepdim: true) : x;
        var y = centred / ((centred * centred).mean(axes, keepdim: true) + op.Epsilon).sqrt();
        y = inputs.Optional(1) is { } scale ? y * scale : y;
        return [inputs.Optional(2) is { } bias ? y + bias : y];
    }

    public static Tensor[] Softmax(Softmax op, OperatorInputs inputs) =>
        [op.Logarithm ? inputs[0].log_softmax(op.Axis) : inputs[0].softmax(op.Axis)];
}
