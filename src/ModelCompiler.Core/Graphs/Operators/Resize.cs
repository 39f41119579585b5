namespace ModelCompiler.Graphs.Operators;

/// <summary>How one dimension is resampled: every output is a weighted sum of the same number of inputs.</summary>
/// <param name="Taps">Number of inputs to each output: 1 for nearest, 2 for linear, 4 for cubic.</param>
/// <param name="Indices">
/// Which inputs, <paramref name="Taps"/> for each output; −1 for an output that lies outside and gets the extrapolation value.
/// </param>
/// <param name="Weights">The weight of each.</param>
public sealed record ResampledAxis(int Taps, EquatableArray<int> Indices, EquatableArray<float> Weights)
{
    /// <summary>Number of outputs.</summary>
    public int Size => Indices.Count / Taps;

    /// <summary>A dimension that stays as it is.</summary>
    public static ResampledAxis Unchanged(int size) => new(1, Enumerable.Range(0, size).ToArray(), Enumerable.Repeat(1f, size).ToArray());

    /// <summary>Whether every output is the input at the same place in a dimension of <paramref name="inputSize"/>.</summary>
    public bool IsUnchanged(int inputSize) => Taps == 1 && Size == inputSize && Indices.Select((index, i) => index == i).All(same => same);

    /// <summary>How often each input is repeated, where that is all that happens; 0 otherwise.</summary>
    public int Repeats(int inputSize)
    {
        var factor = inputSize > 0 && Taps == 1 && Size % inputSize == 0 ? Size / inputSize : 0;
        return factor > 0 && Indices.Select((index, i) => index == i / factor).All(same => same) ? factor : 0;
    }
}

/// <summary>
/// ONNX Resize (opset 10, 11, 13, 18, 19) and Upsample (opset 7, 9): each dimension resampled by itself. The modes and the ways to
/// compute coordinates are resolved to indices and weights at import.
/// </summary>
/// <param name="Axes">One entry a dimension, in the order of the layout.</param>
/// <param name="Extrapolation">What outputs outside of the input get.</param>
/// <param name="Layout">Where the channels stand.</param>
public sealed record Resize(EquatableArray<ResampledAxis> Axes, float Extrapolation, DataLayout Layout) : Operator, ISpatialOperator
{
    /// <summary>Whether elements are only copied.</summary>
    public bool IsNearest => Axes.All(axis => axis.Taps == 1);

    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout)
    {
        if (layout == Layout || Axes.Count < 3)
        {
            return this with { Layout = layout };
        }

        ResampledAxis[] axes =
            layout == DataLayout.ChannelsLast
                ? [Axes[0], .. Axes.Skip(2), Axes[1]]
                : [Axes[0], Axes[Axes.Count - 1], .. Axes.Skip(1).Take(Axes.Count - 2)];
        return this with { Axes = axes, Layout = layout };
    }

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        var shape = context.Shape(0);
        if (Axes.Count != shape.Rank)
        {
            throw new ShapeException($"{Axes.Count} resampled dimensions do not fit {shape}");
        }

        if (!IsNearest)
        {
            context.Require(0, ElementwiseRules.Numbers);
        }

        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (Axes[axis].Indices.Any(i => i >= shape[axis]))
            {
                throw new ShapeException($"dimension {axis} of {shape} has no element {Axes[axis].Indices.Max()}");
            }
        }

        return [context.Type(0) with { Shape = new TensorShape(Axes.Select(axis => axis.Size)) }];
    }
}
