namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Transposed convolution of floats (ONNX ConvTranspose): every input is spread over the outputs that a convolution with the same
/// window would have read it for. Inputs: x, w in ONNX's order [C, M/group, kernel…], optional bias [M].
/// </summary>
/// <param name="Window">Kernel, strides, dilations; pads are elements cut off the output.</param>
/// <param name="OutputPadding">Elements added at the end of each spatial dimension of the output.</param>
/// <param name="Group">Channel groups.</param>
/// <param name="Layout">Where the channels of input 0 and of the output stand.</param>
/// <param name="Activation">Bounds of the outputs.</param>
public sealed record ConvTranspose(Window Window, EquatableArray<int> OutputPadding, int Group, DataLayout Layout, Clamp Activation)
    : Operator,
        ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <summary>Outputs in spatial dimension <paramref name="axis"/>.</summary>
    public int OutputSize(int axis, int inputSize) =>
        checked(
            (Window.Strides[axis] * (inputSize - 1))
            + OutputPadding[axis]
            + Window.Extent(axis)
            - Window.PadsBegin[axis]
            - Window.PadsEnd[axis]
        );

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        var element = context.RequireSameElement();
        ConvRules.CheckKernel(context, Window);
        var (x, w) = (context.Shape(0), context.Shape(1));
        var channels = Layout == DataLayout.ChannelsFirst ? x[1] : x[x.Rank - 1];
        if (Group < 1 || channels != w[0] || w[0] % Group != 0)
        {
            throw new ShapeException($"{channels} input channels in {Group} groups do not fit weights {w}");
        }

        var outputs = w[1] * Group;
        ConvRules.CheckBias(context, outputs);
        var first = Layout == DataLayout.ChannelsFirst ? 2 : 1;
        var spatial = Enumerable.Range(0, Window.Rank).Select(axis => OutputSize(axis, x[first + axis])).ToArray();
        if (spatial.Any(s => s < 1))
        {
            throw new ShapeException($"the pads leave an output of the spatial size [{string.Join(",", spatial)}]");
        }

        return
        [
            new(
                element,
                Layout == DataLayout.ChannelsFirst
                    ? new TensorShape([x[0], outputs, .. spatial])
                    : new TensorShape([x[0], .. spatial, outputs])
            ),
        ];
    }

    /// <inheritdoc/>
    public override long CountMacs(IReadOnlyList<Value?> inputs, IReadOnlyList<Value> outputs) =>
        (long)inputs[0]!.Shape.Elements * inputs[1]!.Shape.Product(1, inputs[1]!.Shape.Rank);
}
