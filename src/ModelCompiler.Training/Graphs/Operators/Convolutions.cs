using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Training.Native;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Convolution and transposed convolution over one to three spatial dimensions.</summary>
internal static class Convolutions
{
    public static Tensor[] Conv(Conv op, OperatorInputs inputs)
    {
        var window = op.Window;
        var (x, pads) = Padded(inputs[0], window, 0);
        var (weight, bias) = (inputs[1], inputs.Optional(2));
        long[] strides = TorchTypes.Sizes(window.Strides),
            dilations = TorchTypes.Sizes(window.Dilations);
        var y = ChannelsLast.Convolve(x, weight, bias, strides, pads, dilations, op.Group);
        return [UnaryFunctions.Clamped(y, op.Activation)];
    }

    /// <summary>
    /// Without pads the output is whole; what the pads cut off is cut off afterwards, and what is to be added gets nothing but the bias.
    /// </summary>
    public static Tensor[] ConvTranspose(ConvTranspose op, OperatorInputs inputs)
    {
        var (window, x, weight) = (op.Window, inputs[0], inputs[1]);
        long[] strides = TorchTypes.Sizes(window.Strides),
            dilations = TorchTypes.Sizes(window.Dilations);
        var y = ChannelsLast.ConvolveTransposed(x, weight, strides, dilations, op.Group);
        // A negative pad cuts.
        y = functional.pad(
            y,
            LastFirst(window.Rank, axis => (-window.PadsBegin[axis], op.OutputPadding[axis] - window.PadsEnd[axis])),
            TorchSharp.PaddingModes.Constant,
            0
        );
        if (inputs.Optional(2) is { } bias)
        {
            y += bias.reshape([1, -1, .. Enumerable.Repeat(1L, window.Rank)]);
        }

        return [UnaryFunctions.Clamped(y, op.Activation)];
    }

    /// <summary>The input with elements put around it.</summary>
    public static Tensor Explicit(Tensor x, Window window, double value) =>
        window.PadsBegin.Concat(window.PadsEnd).All(p => p == 0)
            ? x
            : functional.pad(
                x,
                LastFirst(window.Rank, axis => (window.PadsBegin[axis], window.PadsEnd[axis])),
                TorchSharp.PaddingModes.Constant,
                value
            );

    /// <summary>The input, and pads that libtorch can add itself because they are the same at both ends.</summary>
    private static (Tensor X, long[] Pads) Padded(Tensor x, Window window, double value) =>
        window.PadsBegin.SequenceEqual(window.PadsEnd)
            ? (x, TorchTypes.Sizes(window.PadsBegin))
            : (Explicit(x, window, value), new long[window.Rank]);

    /// <summary>Pads as libtorch has them: those of the last dimension first.</summary>
    private static long[] LastFirst(int rank, Func<int, (int Begin, int End)> pads) =>
        [.. Enumerable.Range(0, rank).Reverse().Select(pads).SelectMany(p => new long[] { p.Begin, p.End })];
}
