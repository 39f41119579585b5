namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// What ONNX DeformConv (opset 19, 22) multiplies with its weights: for each output and tap the input at the tap's place, moved by an
/// offset, between pixels; 0 outside. Inputs: x [batches, channels, height, width], offsets [batches, groups · taps · 2 (y, x), rows,
/// columns], optional factors [batches, groups · taps, rows, columns]. Output: [batches, channels, taps, rows · columns].
/// </summary>
/// <param name="Window">The undeformed window.</param>
/// <param name="Groups">Groups of channels that have offsets of their own.</param>
public sealed record DeformableColumns(Window Window, int Groups) : Operator
{
    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, ElementType.Float32, ElementType.Float64);
        context.RequireSameElement();
        var x = context.Shape(0);
        var output = Window.OutputShape(x, x[1], DataLayout.ChannelsFirst);
        if (Groups < 1 || x[1] % Groups != 0 || x[1] < Groups)
        {
            throw new ShapeException($"the channels of {x} do not divide into {Groups} groups");
        }

        var taps = new TensorShape(Groups, Window.Taps).Elements;
        var offsets = new TensorShape(x[0], 2 * taps, output[2], output[3]);
        if (context.Shape(1) != offsets || (context.Has(2) && context.Shape(2) != offsets.With(1, taps)))
        {
            throw new ShapeException(
                $"offsets {context.Shape(1)}{(context.Has(2) ? $" and a mask {context.Shape(2)}" : "")} in {Groups} groups do not fit x {x}: offsets {offsets} were expected"
            );
        }

        return [context.Type(0) with { Shape = new(x[0], x[1], Window.Taps, output[2] * output[3]) }];
    }
}
