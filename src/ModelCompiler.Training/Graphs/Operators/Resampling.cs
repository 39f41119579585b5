using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Resize: each dimension by itself, as a weighted sum of elements that are picked from it.</summary>
internal static class Resampling
{
    public static Tensor[] Resize(Resize op, OperatorInputs inputs)
    {
        var (x, shape) = (inputs[0], inputs.Shape(0));
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            x = op.Axes[axis].IsUnchanged(shape[axis]) ? x : Resampled(x, op.Axes[axis], axis);
        }

        return [op.Axes.Any(a => a.Indices.Contains(-1)) ? Extrapolated(x, op) : x];
    }

    private static Tensor Resampled(Tensor x, ResampledAxis axis, int dimension)
    {
        long[] along = [.. Enumerable.Range(0, (int)x.dim()).Select(d => d == dimension ? axis.Size : 1L)];
        Tensor? sum = null;
        for (var tap = 0; tap < axis.Taps; tap++)
        {
            long[] indices = [.. Enumerable.Range(0, axis.Size).Select(i => (long)Math.Max(axis.Indices[(i * axis.Taps) + tap], 0))];
            float[] weights = [.. Enumerable.Range(0, axis.Size).Select(i => axis.Weights[(i * axis.Taps) + tap])];
            var picked = x.index_select(dimension, tensor(indices));
            var term = axis.Taps == 1 ? picked : picked * tensor(weights).reshape(along);
            sum = sum is null ? term : sum + term;
        }

        return sum!;
    }

    /// <summary>Puts the extrapolation value where any dimension lies outside of the input.</summary>
    private static Tensor Extrapolated(Tensor x, Resize op)
    {
        for (var dimension = 0; dimension < op.Axes.Count; dimension++)
        {
            var axis = op.Axes[dimension];
            bool[] outside = [.. Enumerable.Range(0, axis.Size).Select(i => axis.Indices[i * axis.Taps] < 0)];
            if (outside.Contains(true))
            {
                long[] along = [.. Enumerable.Range(0, op.Axes.Count).Select(d => d == dimension ? axis.Size : 1L)];
                x = x.masked_fill(tensor(outside).reshape(along), op.Extrapolation);
            }
        }

        return x;
    }
}
