using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs;

/// <summary>
/// What operators make of dimensions whose size only the data give. They compute all that there is room for; so their result is right
/// wherever no valid element depends on those behind the valid ones, nor on how many they are.
/// </summary>
internal static class RunTimeSizes
{
    /// <summary>The sizes of an operator's outputs, by its inputs.</summary>
    /// <exception cref="ProblemException">The operator depends on a size that is not known.</exception>
    public static RunTimeSize?[] Of(Operator op, IReadOnlyList<Value?> inputs, TensorType[] types, GraphBuilder graph)
    {
        var result = new RunTimeSize?[types.Length];
        var sized = inputs.Where(i => i?.RunTimeSize is not null).Select(i => i!).ToArray();
        if (sized.Length == 0)
        {
            return result;
        }

        if (sized.Any(s => s.RunTimeSize!.Count != sized[0].RunTimeSize!.Count))
        {
            throw Unsupported("its inputs have sizes that depend on the data in different ways");
        }

        var size =
            OutputOf(op, inputs, sized, types, graph)
            ?? throw Unsupported($"it depends on the size of '{sized[0].Name}', which depends on the data");
        for (var i = 0; i < types.Length; i++)
        {
            result[i] = size;
        }

        return result;
    }

    /// <summary>Adds to a model's outputs the counts that say the sizes of some, and closes the gaps behind what is valid.</summary>
    public static List<GraphOutput> OfOutputs(List<GraphOutput> outputs, GraphBuilder graph)
    {
        var counts = new List<GraphOutput>();
        var result = new List<GraphOutput>();
        foreach (var output in outputs)
        {
            if (output.Value.RunTimeSize is not { } size)
            {
                result.Add(output);
                continue;
            }

            if (!counts.Any(c => c.Value == size.Count))
            {
                counts.Add(new(output.Name + "Count", size.Count) { IsCount = true });
            }

            graph.CurrentName = output.Name;
            var hasGaps = output.Value.Shape.Product(0, size.Axis) > 1;
            var value = hasGaps ? graph.Add(new CloseGaps(size.Axis), output.Value, size.Count) : output.Value;
            result.Add(new(output.Name, value) { Size = new(size.Axis, counts.FindIndex(c => c.Value == size.Count)) });
        }

        return [.. result, .. counts];
    }

    private static RunTimeSize? OutputOf(Operator op, IReadOnlyList<Value?> inputs, Value[] sized, TensorType[] types, GraphBuilder graph)
    {
        var (size, shape, output) = (sized[0].RunTimeSize!, sized[0].Shape, types[0].Shape);
        var isFirst = sized.Length == 1 && inputs[0] == sized[0];
        return op switch
        {
            CloseGaps => size,
            IElementwiseOperator => Elementwise(inputs, output),
            Concat concat => concat.Axis != size.Axis && inputs.All(i => i!.RunTimeSize == size) ? size : null,
            Gather gather => isFirst ? GatheredData(gather, size, inputs[1]!.Shape.Rank)
            : sized.Length == 1 ? size with { Axis = gather.Axis + size.Axis }
            : null,
            GatherElements gather => isFirst ? null
            : inputs[0]!.RunTimeSize is not { } data ? size
            : data == size && inputs[1]!.RunTimeSize == size && size.Axis != gather.Axis ? size
            : null,
            GatherND gather => GatheredTuples(gather, inputs, sized, size),
            Reshape => Reshaped(size, shape, output, graph),
            Slice slice => Sliced(slice, size, shape, graph),
            _ when !isFirst => null,
            ArgMax arg => Reduced(size, (int[])[arg.Axis], arg.KeepDims),
            Cumulative cumulative => cumulative.Axis == size.Axis && cumulative.Reverse ? null : size,
            Expand => output == shape ? size : null,
            LayerNormalization normalization => size.Axis < normalization.Axis ? size : null,
            MatMul { TransposeA: false } => size.Axis == shape.Rank - 2 && shape.Rank >= inputs[1]!.Shape.Rank ? size : null,
            OneHot oneHot => size with { Axis = size.Axis + (oneHot.Axis <= size.Axis ? 1 : 0) },
            Reduce reduce => Reduced(size, reduce.Axes, reduce.KeepDims),
            Softmax softmax => softmax.Axis != size.Axis ? size : null,
            Split split => split.Axis != size.Axis ? size : null,
            TopK top => top.Axis != size.Axis ? size : null,
            Transpose transpose => size with { Axis = transpose.Permutation.Items.IndexOf(size.Axis) },
            _ => null,
        };
    }

    /// <summary>All inputs that are not broadcast in that dimension need that size.</summary>
    private static RunTimeSize? Elementwise(IReadOnlyList<Value?> inputs, TensorShape output)
    {
        RunTimeSize? result = null;
        foreach (var input in inputs.Where(i => i?.RunTimeSize is not null))
        {
            var axis = input!.RunTimeSize!.Axis + output.Rank - input.Shape.Rank;
            if (result is not null && result.Axis != axis)
            {
                return null;
            }

            result = input.RunTimeSize with { Axis = axis };
        }

        var others = inputs.Where(i => i is { RunTimeSize: null }).Select(i => i!.Shape);
        var agrees = others.All(shape => result!.Axis - (output.Rank - shape.Rank) is var axis && (axis < 0 || shape[axis] == 1));
        var largest = inputs.First(i => i?.RunTimeSize is not null)!;
        return agrees && output[result!.Axis] == largest.Shape[largest.RunTimeSize!.Axis] ? result : null;
    }

    private static RunTimeSize? GatheredData(Gather gather, RunTimeSize size, int rank) =>
        gather.Axis == size.Axis ? null : size with { Axis = size.Axis + (gather.Axis < size.Axis ? rank - 1 : 0) };

    private static RunTimeSize? GatheredTuples(GatherND gather, IReadOnlyList<Value?> inputs, Value[] sized, RunTimeSize size)
    {
        var indices = inputs[1]!.Shape;
        if (sized.Length > 1)
        {
            return null;
        }

        if (inputs[0]!.RunTimeSize is null)
        {
            return size.Axis >= gather.BatchDimensions && size.Axis < indices.Rank - 1 ? size : null;
        }

        var tuple = gather.BatchDimensions + indices[indices.Rank - 1];
        return size.Axis >= tuple ? size with { Axis = size.Axis - tuple + indices.Rank - 1 } : null;
    }

    private static RunTimeSize? Reduced(RunTimeSize size, EquatableArray<int> axes, bool keepDims) =>
        axes.Contains(size.Axis) ? null
        : keepDims ? size
        : size with { Axis = size.Axis - axes.Count(axis => axis < size.Axis) };

    /// <summary>The dimension may be joined with those behind it: then it has a multiple of the elements.</summary>
    private static RunTimeSize? Reshaped(RunTimeSize size, TensorShape from, TensorShape to, GraphBuilder graph)
    {
        var (outer, inner) = (from.Product(0, size.Axis), from.Product(size.Axis + 1, from.Rank));
        var fitting = Enumerable
            .Range(0, to.Rank)
            .Where(axis =>
                to.Product(0, axis) == outer && to[axis] % from[size.Axis] == 0 && inner % Math.Max(to.Product(axis + 1, to.Rank), 1) == 0
            )
            .OrderBy(axis => to[axis] == from[size.Axis] ? 0 : 1)
            .ThenBy(axis => Math.Abs(axis - size.Axis))
            .ToArray();
        if (fitting.Length == 0 || from.Elements == 0)
        {
            return null;
        }

        var factor = to[fitting[0]] / from[size.Axis];
        return factor == 1 ? size with { Axis = fitting[0] } : new(fitting[0], Count(graph, BinaryFunction.Mul, size.Count, factor));
    }

    /// <summary>Of the dimension itself the first elements can be taken, as many as there are.</summary>
    private static RunTimeSize? Sliced(Slice slice, RunTimeSize size, TensorShape shape, GraphBuilder graph)
    {
        var (start, count, step) = (slice.Starts[size.Axis], slice.Sizes[size.Axis], slice.Steps[size.Axis]);
        return start != 0 || step != 1 ? null
            : count == shape[size.Axis] ? size
            : size with { Count = Count(graph, BinaryFunction.Min, size.Count, count) };
    }

    private static Value Count(GraphBuilder graph, BinaryFunction function, Value count, int other) =>
        graph.Add(new Binary(function), count, graph.Constant(Tensor.From<int>(ElementType.Int32, TensorShape.Scalar, [other])));

    private static ProblemException Unsupported(string message) =>
        new(
            ProblemKinds.UnsupportedForm,
            message
                + "; sizes that depend on the data are supported at outputs of the model and where each of the elements is computed for itself"
        );
}
