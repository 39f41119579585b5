namespace ModelCompiler.Graphs.Operators;

/// <summary>The greatest element of each window (ONNX MaxPool); padding never counts. Ceil mode is resolved into the end padding.</summary>
/// <param name="Window">Kernel, strides, dilations, pads.</param>
/// <param name="Layout">Where the channels stand.</param>
public sealed record MaxPool(Window Window, DataLayout Layout) : Operator, ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Numbers);
        return [PoolRules.Output(context.Type(0), Window, Layout)];
    }
}

/// <summary>The mean of each window (ONNX AveragePool).</summary>
/// <param name="Window">Kernel, strides, dilations, pads.</param>
/// <param name="CountIncludePad">Whether padding counts as zeros.</param>
/// <param name="UncountedEnd">How much of the window's end padding comes from ceil mode, which never counts; one entry a dimension.</param>
/// <param name="Layout">Where the channels stand.</param>
public sealed record AveragePool(Window Window, bool CountIncludePad, EquatableArray<int> UncountedEnd, DataLayout Layout)
    : Operator,
        ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Floats);
        return [PoolRules.Output(context.Type(0), Window, Layout)];
    }
}

/// <summary>The mean of all spatial positions; the spatial dimensions stay with size 1.</summary>
/// <param name="Layout">Where the channels stand.</param>
public sealed record GlobalAveragePool(DataLayout Layout) : Operator, ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => new GlobalAveragePool(layout);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Floats);
        return [PoolRules.GlobalOutput(context.Type(0), Layout)];
    }
}

/// <summary>The greatest element of all spatial positions; the spatial dimensions stay with size 1.</summary>
/// <param name="Layout">Where the channels stand.</param>
public sealed record GlobalMaxPool(DataLayout Layout) : Operator, ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => new GlobalMaxPool(layout);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementwiseRules.Numbers);
        return [PoolRules.GlobalOutput(context.Type(0), Layout)];
    }
}

/// <summary>Rules that pools share.</summary>
internal static class PoolRules
{
    public static int Channels(TensorType input, DataLayout layout)
    {
        var shape = input.Shape;
        return shape.Rank >= 2
            ? shape[layout == DataLayout.ChannelsFirst ? 1 : shape.Rank - 1]
            : throw new ShapeException($"an input with batch and channels was expected, found {input}");
    }

    public static TensorType Output(TensorType input, Window window, DataLayout layout) =>
        input with
        {
            Shape = window.OutputShape(input.Shape, Channels(input, layout), layout),
        };

    public static TensorType GlobalOutput(TensorType input, DataLayout layout)
    {
        var channels = Channels(input, layout);
        var ones = Enumerable.Repeat(1, input.Shape.Rank - 2);
        return input with
        {
            Shape =
                layout == DataLayout.ChannelsFirst ? new([input.Shape[0], channels, .. ones]) : new([input.Shape[0], .. ones, channels]),
        };
    }
}
