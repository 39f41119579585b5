using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Training.Native;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Pools over one to three spatial dimensions, and over all of them.</summary>
internal static class Pools
{
    public static Tensor[] MaxPool(MaxPool op, OperatorInputs inputs)
    {
        var window = op.Window;
        // libtorch pads by at most half of a window, and always the same at both ends.
        var x = Convolutions.Explicit(inputs[0], window, double.NegativeInfinity);
        long[] kernel = TorchTypes.Sizes(window.Kernel),
            strides = TorchTypes.Sizes(window.Strides),
            dilations = TorchTypes.Sizes(window.Dilations),
            none = new long[window.Rank];
        return
        [
            window.Rank switch
            {
                1 => functional.max_pool1d(x, kernel[0], strides[0], 0, dilations[0]),
                2 => functional.max_pool2d(x, kernel, strides, none, dilations),
                _ => functional.max_pool3d(x, kernel, strides, none, dilations),
            },
        ];
    }

    /// <summary>The sum of each window, which a convolution with ones is, divided by the number of elements that count.</summary>
    public static Tensor[] AveragePool(AveragePool op, OperatorInputs inputs)
    {
        var (x, window) = (inputs[0], op.Window);
        var isPadded = window.PadsBegin.Concat(window.PadsEnd).Any(p => p != 0);
        if (!isPadded && window.Rank == 2 && window.Dilations.All(d => d == 1))
        {
            return [functional.avg_pool2d(x, TorchTypes.Sizes(window.Kernel), TorchTypes.Sizes(window.Strides))];
        }

        var sums = Sums(Convolutions.Explicit(x, window, 0), window);
        return [isPadded ? sums / Counts(op, inputs.Shape(0), x.dtype) : sums / window.Taps];
    }

    public static Tensor[] GlobalAverage(GlobalAveragePool op, OperatorInputs inputs) =>
        [Spatial(inputs) is { Length: > 0 } axes ? inputs[0].mean(axes, keepdim: true) : inputs[0]];

    public static Tensor[] GlobalMax(GlobalMaxPool op, OperatorInputs inputs) =>
        [Spatial(inputs) is { Length: > 0 } axes ? inputs[0].amax(axes, keepdim: true) : inputs[0]];

    private static long[] Spatial(OperatorInputs inputs) => [.. Enumerable.Range(2, inputs.Shape(0).Rank - 2).Select(a => (long)a)];

    private static Tensor Sums(Tensor x, Window window)
    {
        var planes = x.flatten(0, 1).unsqueeze(1);
        var weight = ones([1, 1, .. window.Kernel], x.dtype);
        long[] strides = TorchTypes.Sizes(window.Strides),
            dilations = TorchTypes.Sizes(window.Dilations);
        var sums = ChannelsLast.Convolve(planes, weight, null, strides, new long[window.Rank], dilations, 1);
        return sums.squeeze(1).unflatten(0, x.shape[0], x.shape[1]);
    }

    /// <summary>How many elements of each window count: none of what ceil mode adds, and what is padded only where that is said.</summary>
    private static Tensor Counts(AveragePool op, TensorShape input, ScalarType type)
    {
        var counted = ones([1, 1, .. input.Skip(2)], type);
        if (!op.CountIncludePad)
        {
            return Sums(Convolutions.Explicit(counted, op.Window, 0), op.Window);
        }

        int[] end = [.. op.Window.PadsEnd.Select((p, axis) => p - op.UncountedEnd[axis])];
        var none = new int[op.Window.Rank];
        counted = Convolutions.Explicit(counted, op.Window with { PadsEnd = end }, 1);
        counted = Convolutions.Explicit(counted, op.Window with { PadsBegin = none, PadsEnd = op.UncountedEnd }, 0);
        return Sums(counted, op.Window);
    }
}
