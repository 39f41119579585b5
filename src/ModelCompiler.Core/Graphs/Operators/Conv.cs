namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Convolution of floats over any number of spatial dimensions (ONNX Conv, com.microsoft FusedConv).
/// Inputs: x, w in ONNX's order [M, C/group, kernel…] (mostly constant), optional bias [M].
/// </summary>
/// <param name="Window">Kernel, strides, dilations, pads.</param>
/// <param name="Group">Channel groups.</param>
/// <param name="Layout">Where the channels of input 0 and of the output stand.</param>
/// <param name="Activation">Bounds of the outputs.</param>
public sealed record Conv(Window Window, int Group, DataLayout Layout, Clamp Activation) : Operator, ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var element = context.RequireSameElement();
        ConvRules.CheckChannels(context, Group, Layout);
        ConvRules.CheckKernel(context, Window);
        var channels = context.Shape(1)[0];
        ConvRules.CheckBias(context, channels);
        return [new(element, Window.OutputShape(context.Shape(0), channels, Layout))];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) => ConvRules.CountMacs(inputs, outputs);
}
