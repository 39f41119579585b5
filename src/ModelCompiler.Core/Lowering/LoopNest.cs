using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>The fewest loops that walk through an output and the inputs that broadcast to it.</summary>
internal static class LoopNest
{
    /// <summary>
    /// Dimensions of size 1 are dropped, and neighbouring dimensions that every input walks through alike become one.
    /// </summary>
    /// <param name="output">Shape of the output, which is dense.</param>
    /// <param name="inputs">Shapes of dense tensors that broadcast to it.</param>
    /// <returns>Sizes of the loops, outermost first, at least one; for each input its stride in each loop.</returns>
    public static (int[] Sizes, int[][] Strides) Of(TensorShape output, TensorShape[] inputs)
    {
        var all = inputs.Select(input => BroadcastStrides(input, output.Rank)).ToArray();
        var sizes = new List<int>();
        var strides = inputs.Select(_ => new List<int>()).ToArray();
        for (var axis = 0; axis < output.Rank; axis++)
        {
            var size = output[axis];
            if (size == 1)
            {
                continue;
            }

            var last = sizes.Count - 1;
            if (last >= 0 && Enumerable.Range(0, inputs.Length).All(i => strides[i][last] == all[i][axis] * size))
            {
                sizes[last] *= size;
                for (var i = 0; i < inputs.Length; i++)
                {
                    strides[i][last] = all[i][axis];
                }
            }
            else
            {
                sizes.Add(size);
                for (var i = 0; i < inputs.Length; i++)
                {
                    strides[i].Add(all[i][axis]);
                }
            }
        }

        return sizes.Count > 0 ? ([.. sizes], [.. strides.Select(s => s.ToArray())]) : ([1], [.. inputs.Select(_ => (int[])[0])]);
    }

    private static int[] BroadcastStrides(TensorShape shape, int rank)
    {
        var strides = shape.Strides();
        var missing = rank - shape.Rank;
        return [.. Enumerable.Range(0, rank).Select(axis => axis < missing || shape[axis - missing] == 1 ? 0 : strides[axis - missing])];
    }
}
