using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Convolution or transposed convolution by plain loops, channels last, weights in ONNX's order: for forms that have no kernel of
/// their own (weights computed at run time, three and more spatial dimensions, float64).
/// </summary>
internal sealed record PlainConvKernel(
    Window Window,
    int Group,
    bool IsTransposed,
    TensorShape Input,
    TensorShape Output,
    Clamp Activation,
    bool HasBias
) : Kernel
{
    public override string Describe() =>
        $"{(IsTransposed ? "transposed " : "")}convolution {string.Join("×", Window.Kernel)} by plain loops, {Input} → {Output}, {Group} groups{Activation}";

    public static LoweredNode? Lower(Conv op, Node node, LoweringContext context) =>
        Lower(op.Window, op.Group, false, op.Layout, op.Activation, node);

    public static LoweredNode? Lower(ConvTranspose op, Node node, LoweringContext context) =>
        Lower(op.Window, op.Group, true, op.Layout, op.Activation, node);

    private static LoweredNode? Lower(Window window, int group, bool transposed, DataLayout layout, Clamp activation, Node node)
    {
        if (layout != DataLayout.ChannelsLast)
        {
            return null;
        }

        var kernel = new PlainConvKernel(window, group, transposed, node.Input(0).Shape, node.Output.Shape, activation, node.HasInput(2));
        return new(kernel, node.Inputs.Where(i => i is not null).Select(i => i!).ToArray());
    }
}
