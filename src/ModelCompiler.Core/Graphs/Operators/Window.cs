namespace ModelCompiler.Graphs.Operators;

/// <summary>Where the channels stand in a tensor with spatial dimensions.</summary>
public enum DataLayout
{
    /// <summary>[batch, channels, spatial…]: how ONNX has it.</summary>
    ChannelsFirst,

    /// <summary>[batch, spatial…, channels]: how the kernels want it.</summary>
    ChannelsLast,
}

/// <summary>An operator that walks over spatial dimensions and can have its channels in either place.</summary>
public interface ISpatialOperator
{
    /// <summary>Where the channels of input 0 and of output 0 stand.</summary>
    DataLayout Layout { get; }

    /// <summary>The same operator for the other layout. Weights keep ONNX's order in both.</summary>
    Operator WithLayout(DataLayout layout);
}

/// <summary>The sliding window of convolutions and pools; one entry a spatial dimension in each list.</summary>
/// <param name="Kernel">Size, at least 1.</param>
/// <param name="Strides">Step between outputs, at least 1.</param>
/// <param name="Dilations">Distance between taps, at least 1.</param>
/// <param name="PadsBegin">Elements added before the first; auto_pad is resolved to numbers at import.</param>
/// <param name="PadsEnd">Elements added behind the last.</param>
public sealed record Window(
    EquatableArray<int> Kernel,
    EquatableArray<int> Strides,
    EquatableArray<int> Dilations,
    EquatableArray<int> PadsBegin,
    EquatableArray<int> PadsEnd
)
{
    /// <summary>Number of spatial dimensions.</summary>
    public int Rank => Kernel.Count;

    /// <summary>Number of taps.</summary>
    public int Taps => Kernel.Aggregate(1, (product, size) => product * size);

    /// <summary>Whether it is one tap without stride and padding.</summary>
    public bool IsPointwise =>
        Kernel.All(k => k == 1) && Strides.All(s => s == 1) && PadsBegin.All(p => p == 0) && PadsEnd.All(p => p == 0);

    /// <summary>Elements that the taps span in spatial dimension <paramref name="axis"/>.</summary>
    public int Extent(int axis) => ((Kernel[axis] - 1) * Dilations[axis]) + 1;

    /// <summary>Number of outputs in spatial dimension <paramref name="axis"/> (ONNX Conv and pools without ceil_mode).</summary>
    /// <exception cref="ShapeException">The window is larger than the padded input.</exception>
    public int OutputSize(int axis, int inputSize)
    {
        var room = inputSize + PadsBegin[axis] + PadsEnd[axis] - Extent(axis);
        return room >= 0
            ? (room / Strides[axis]) + 1
            : throw new ShapeException(
                $"the window spans {Extent(axis)} elements of spatial dimension {axis}, but the padded input has {room + Extent(axis)}"
            );
    }

    /// <summary>The shape of a convolution's or pool's output.</summary>
    /// <param name="input">Shape of the input in the given layout.</param>
    /// <param name="channels">Channels of the output.</param>
    /// <param name="layout">Where the channels stand, in input and output.</param>
    /// <exception cref="ShapeException">The rank does not fit, or the window does not fit in.</exception>
    public TensorShape OutputShape(TensorShape input, int channels, DataLayout layout)
    {
        if (input.Rank != Rank + 2)
        {
            throw new ShapeException($"an input of rank {Rank + 2} was expected for a window over {Rank} dimensions, found {input}");
        }

        var first = layout == DataLayout.ChannelsFirst ? 2 : 1;
        var spatial = Enumerable.Range(0, Rank).Select(axis => OutputSize(axis, input[first + axis]));
        return layout == DataLayout.ChannelsFirst ? new([input[0], channels, .. spatial]) : new([input[0], .. spatial, channels]);
    }
}
