using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Int8;

namespace ModelCompiler.Emit.Kernels.Int8;

internal static class LoopConvInt8Emitter
{
    public static void Emit(LoopConvInt8Kernel kernel, KernelWriter writer)
    {
        var (code, window) = (writer.Code, kernel.Convolution.Window);
        var last = kernel.Convolution.Layout == DataLayout.ChannelsLast;
        var (spatial, channel) = last ? (1, kernel.Input.Rank - 1) : (2, 1);
        var (inputStrides, outputStrides) = (kernel.Input.Strides(), kernel.Output.Strides());
        var channels = kernel.Input[channel] / kernel.Convolution.Group;
        var outputsPerGroup = kernel.Output[channel] / kernel.Convolution.Group;
        var blocks = new Stack<SourceWriter.Block>();

        blocks.Push(code.For("n", 0, kernel.Output[0]));
        for (var axis = 0; axis < window.Rank; axis++)
        {
            blocks.Push(code.For($"y{axis}", 0, kernel.Output[spatial + axis]));
        }

        blocks.Push(code.For("m", 0, kernel.Output[channel]));
        var start = kernel.Bias is { } bias ? $"Unsafe.Add({writer.Weights(bias)}, m)" : "0";
        code.Line($"int sum = {start};");
        code.Line($"nint weight = m * {window.Taps * channels};");
        code.Line($"nint first = n * {inputStrides[0]} + m / {outputsPerGroup} * {channels * inputStrides[channel]};");
        var tapBlocks = new Stack<SourceWriter.Block>();
        for (var axis = 0; axis < window.Rank; axis++)
        {
            tapBlocks.Push(code.For($"k{axis}", 0, window.Kernel[axis]));
            code.Line($"nint x{axis} = y{axis} * {window.Strides[axis]} + k{axis} * {window.Dilations[axis]} - {window.PadsBegin[axis]};");
        }

        // Padding counts as the zero point, which adds nothing.
        var inside = Enumerable.Range(0, window.Rank).Select(axis => $"(nuint)x{axis} < {kernel.Input[spatial + axis]}");
        using (code.Open($"if ({string.Join(" && ", inside)})"))
        {
            var position = Enumerable.Range(0, window.Rank).Select(axis => $"x{axis} * {inputStrides[spatial + axis]}");
            code.Line($"nint from = first + {string.Join(" + ", position)};");
            using (code.For("c", 0, channels))
            {
                code.Line(
                    $"sum += (Unsafe.Add(ref {writer.Input()}, from + c * {inputStrides[channel]}) - {ScalarRequantizationText.Number(kernel.Convolution.InputZeroPoint)})"
                        + $" * Unsafe.Add({writer.Weights(kernel.Weights)}, weight + c);"
                );
            }
        }

        code.Line($"weight += {channels};");
        Close(tapBlocks);
        var to = Enumerable.Range(0, window.Rank).Select(axis => $"y{axis} * {outputStrides[spatial + axis]}");
        var target = $"n * {outputStrides[0]} + {string.Join(" + ", to)} + m * {outputStrides[channel]}";
        code.Line(
            $"Unsafe.Add(ref {writer.Output()}, {target}) = {ScalarRequantizationText.Expression(kernel.Stage, "sum", "m", writer)};"
        );
        Close(blocks);
    }

    private static void Close(Stack<SourceWriter.Block> blocks)
    {
        foreach (var block in blocks)
        {
            block.Dispose();
        }
    }
}
