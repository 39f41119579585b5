using System.Numerics.Tensors;
using ModelCompiler.Compression.Onnx;

namespace ModelCompiler.Compression.Pruning;

/// <summary>The weights of one tensor, cut into what becomes zero together, each with its importance.</summary>
/// <param name="Weight">The tensor.</param>
/// <param name="Members">Offsets of the weights, block by block.</param>
/// <param name="Starts">Where each block begins in <paramref name="Members"/>, and where the last one ends.</param>
/// <param name="Scores">The mean importance of a block's weights.</param>
/// <param name="Kept">How many weights of a block are not zero.</param>
internal sealed record WeightBlocks(WeightTensor Weight, int[] Members, int[] Starts, float[] Scores, int[] Kept)
{
    public int Count => Scores.Length;

    public ReadOnlySpan<int> Block(int index) => Members.AsSpan(Starts[index]..Starts[index + 1]);

    /// <summary>Cuts a tensor; at its edges blocks are smaller.</summary>
    public static WeightBlocks Of(WeightTensor weight, BlockPattern pattern, ReadOnlySpan<float> importance)
    {
        var (members, starts) = pattern == SparsityPattern.Unstructured ? Singles(weight) : Cut(weight, pattern);
        var weights = weight.Weights.As<float>();
        var (scores, kept) = (new float[starts.Length - 1], new int[starts.Length - 1]);
        for (var block = 0; block < scores.Length; block++)
        {
            foreach (var member in members.AsSpan(starts[block]..starts[block + 1]))
            {
                scores[block] += importance[member];
                kept[block] += weights[member] == 0 ? 0 : 1;
            }

            scores[block] /= starts[block + 1] - starts[block];
        }

        return new WeightBlocks(weight, members, starts, scores, kept);
    }

    /// <summary>Offsets of the weights among which N:M chooses: the runs of inputs of one output and tap.</summary>
    public static IEnumerable<int[]> Runs(WeightTensor weight, int length)
    {
        var offset = weight.Offsets();
        for (var output = 0; output < weight.Outputs; output++)
        {
            for (var tap = 0; tap < weight.Taps; tap++)
            {
                // A remainder that is shorter is left alone.
                for (var input = 0; input + length <= weight.Inputs; input += length)
                {
                    yield return [.. Enumerable.Range(input, length).Select(i => offset(output, i, tap))];
                }
            }
        }
    }

    private static (int[] Members, int[] Starts) Singles(WeightTensor weight)
    {
        var elements = weight.Weights.Shape.Elements;
        return ([.. Enumerable.Range(0, elements)], [.. Enumerable.Range(0, elements + 1)]);
    }

    private static (int[] Members, int[] Starts) Cut(WeightTensor weight, BlockPattern pattern)
    {
        var offset = weight.Offsets();
        var members = new List<int>(weight.Weights.Shape.Elements);
        var starts = new List<int> { 0 };
        // The outputs of a Conv lie group by group in one dimension; those of a ConvTranspose are counted within one group, its inputs in all.
        var (outputGroups, inputGroups) = weight.OperatorType == "ConvTranspose" ? (1, weight.Group) : (weight.Group, 1);
        foreach (var (output, outputEnd) in Steps(weight.Outputs, outputGroups, pattern.Outputs))
        {
            foreach (var (input, inputEnd) in Steps(weight.Inputs, inputGroups, pattern.Inputs))
            {
                for (var tap = 0; tap < weight.Taps; tap++)
                {
                    for (var o = output; o < outputEnd; o++)
                    {
                        for (var i = input; i < inputEnd; i++)
                        {
                            members.Add(offset(o, i, tap));
                        }
                    }

                    starts.Add(members.Count);
                }
            }
        }

        return ([.. members], [.. starts]);
    }

    private static IEnumerable<(int Begin, int End)> Steps(int size, int groups, int step)
    {
        var perGroup = Math.Max(size / groups, 1);
        for (var group = 0; group < size; group += perGroup)
        {
            var end = Math.Min(group + perGroup, size);
            for (var begin = group; begin < end; begin += step)
            {
                yield return (begin, Math.Min(begin + step, end));
            }
        }
    }
}

/// <summary>How much each weight of a tensor matters: one number a weight, in the tensor's order.</summary>
/// <param name="weight">The tensor.</param>
/// <returns>The importances; null where there are none for it, so that it is left alone.</returns>
public delegate float[]? WeightImportance(WeightTensor weight);

/// <summary>Importances that need nothing but the weights.</summary>
public static class WeightImportances
{
    /// <summary>The magnitude of the weight.</summary>
    public static float[] Magnitude(WeightTensor weight)
    {
        var result = weight.Weights.ToFloats();
        TensorPrimitives.Abs(result, result);
        return result;
    }
}
