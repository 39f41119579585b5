using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Native;

/// <summary>
/// Convolutions that libtorch computes rightly: of inputs whose channels lie beside each other in memory, either dense or one channel at a
/// time. oneDNN 3.7, with which libtorch 2.10 convolves, blocks the channels of any other layout by the width of a register and does not
/// clear what it adds to fill the last one: sums come out wrong, some of them no number, with AVX2 and AVX-512 where kernels are wider than
/// one element.
/// </summary>
internal static class ChannelsLast
{
    /// <summary>Convolves over one to three spatial dimensions.</summary>
    /// <param name="x">[batch, inputs, spatial…].</param>
    /// <param name="weight">[outputs, inputs / group, kernel…].</param>
    /// <param name="bias">[outputs], or null.</param>
    /// <param name="strides">One each spatial dimension, as dilations.</param>
    /// <param name="pads">Zeros at both ends of each spatial dimension.</param>
    /// <param name="dilations">Distances between elements that a kernel reads.</param>
    /// <param name="group">Number of groups of channels.</param>
    public static Tensor Convolve(Tensor x, Tensor weight, Tensor? bias, long[] strides, long[] pads, long[] dilations, long group)
    {
        var (inputs, outputs) = (x.shape[1], weight.shape[0]);
        // Of volumes, one channel at a time goes wrong as well.
        var byChannel = group == inputs && strides.Length < 3;
        if (group == 1 || (byChannel && group == outputs))
        {
            return ConvolveAtOnce(x, weight, bias, strides, pads, dilations, group);
        }

        var y = byChannel
            ? Interleaved(FirstSecond(weight, outputs / group).Select(w => ConvolveAtOnce(x, w, null, strides, pads, dilations, group)))
            : Grouped(x, weight, group, (a, w) => ConvolveAtOnce(a, w, null, strides, pads, dilations, 1));
        return bias is null ? y : y + bias.reshape([-1, .. strides.Select(_ => 1L)]);
    }

    /// <summary>Convolves with fractional strides over one to three spatial dimensions, without bias and pads.</summary>
    /// <param name="x">[batch, inputs, spatial…].</param>
    /// <param name="weight">[inputs, outputs / group, kernel…].</param>
    /// <param name="strides">One each spatial dimension, as dilations.</param>
    /// <param name="dilations">Distances between elements that a kernel writes.</param>
    /// <param name="group">Number of groups of channels.</param>
    public static Tensor ConvolveTransposed(Tensor x, Tensor weight, long[] strides, long[] dilations, long group) =>
        group == 1
            ? TransposedAtOnce(x, weight, strides, dilations)
            : Grouped(x, weight, group, (a, w) => TransposedAtOnce(a, w, strides, dilations));

    private static Tensor ConvolveAtOnce(Tensor x, Tensor weight, Tensor? bias, long[] strides, long[] pads, long[] dilations, long group)
    {
        if (x.shape[1] == 1 && x.requires_grad)
        {
            (x, weight, group) = (WithEmptyChannel(x), WithEmptyChannel(weight), 1);
        }

        if (group == 1 && weight.shape.Skip(2).All(k => k == 1) && pads.All(p => p == 0))
        {
            return Pointwise(x, weight, bias, strides);
        }

        if (group > 1 && dilations.Any(d => d > 1))
        {
            (weight, dilations) = (Spread(weight, dilations), [.. dilations.Select(_ => 1L)]);
        }

        return strides.Length switch
        {
            // A row is a plane of height one; libtorch knows no such order for rows.
            1 => functional
                .conv2d(Ordered(x.unsqueeze(2)), weight.unsqueeze(2), bias!, [1, strides[0]], [0, pads[0]], [1, dilations[0]], group)
                .squeeze(2),
            2 => functional.conv2d(Ordered(x), weight, bias!, strides, pads, dilations, group),
            _ => functional.conv3d(Ordered(x), weight, bias!, strides, pads, dilations, group),
        };
    }

    private static Tensor TransposedAtOnce(Tensor x, Tensor weight, long[] strides, long[] dilations)
    {
        if (weight.shape[1] == 1)
        {
            return TransposedAtOnce(x, WithEmptyChannel(weight), strides, dilations).narrow(1, 0, 1);
        }

        return strides.Length switch
        {
            1 => functional
                .conv_transpose2d(Ordered(x.unsqueeze(2)), weight.unsqueeze(2), null!, [1, strides[0]], [0, 0], [0, 0], [1, dilations[0]])
                .squeeze(2),
            2 => functional.conv_transpose2d(Ordered(x), weight, null!, strides, [0, 0], [0, 0], dilations),
            _ => functional.conv_transpose3d(Ordered(x), weight, null!, strides, [0, 0, 0], [0, 0, 0], dilations),
        };
    }

    // The gradient of a single input channel is wrong in this order as well; so is what a transposed convolution makes of it.
    private static Tensor WithEmptyChannel(Tensor x) => cat([x, zeros_like(x)], 1);

    /// <summary>
    /// Kernels of one element as a matrix product, which another library computes: those of oneDNN are wrong for some numbers of outputs,
    /// and write beyond their memory where they take steps.
    /// </summary>
    private static Tensor Pointwise(Tensor x, Tensor weight, Tensor? bias, long[] strides)
    {
        var sampled = strides.All(s => s == 1)
            ? x
            : x[[.. Enumerable.Repeat(TensorIndex.Colon, 2), .. strides.Select(s => TensorIndex.Slice(step: s))]];
        var matrix = weight.flatten(1);
        return functional.linear(sampled.movedim([1], [-1]), matrix, bias!).movedim([-1], [1]);
    }

    // Gradients through dilated kernels of one channel are wrong too: they are written out, with zeros between their elements.
    private static Tensor Spread(Tensor weight, long[] dilations)
    {
        foreach (var (axis, dilation) in dilations.Index().Where(d => d.Item > 1))
        {
            var (dimension, size) = (axis + 2, weight.shape[axis + 2]);
            var between = new Tensor[dilation];
            Array.Fill(between, zeros_like(weight));
            between[0] = weight;
            weight = stack(between, dimension + 1).flatten(dimension, dimension + 1).narrow(dimension, 0, (dilation * (size - 1)) + 1);
        }

        return weight;
    }

    private static Tensor Grouped(Tensor x, Tensor weight, long group, Func<Tensor, Tensor, Tensor> convolve) =>
        cat([.. x.chunk(group, 1).Zip(weight.chunk(group, 0), convolve)], 1);

    /// <summary>The weights of the first output of each group, of the second, and so on.</summary>
    private static IEnumerable<Tensor> FirstSecond(Tensor weight, long outputs) => weight.unflatten(0, -1, outputs).unbind(1);

    private static Tensor Interleaved(IEnumerable<Tensor> outputs) => stack([.. outputs], 2).flatten(1, 2);

    // The same tensor to all who index it. Where it is in this order already, nothing is copied; a single channel is in every order, and
    // libtorch would take the other one if the strides were not written anew.
    private static Tensor Ordered(Tensor x)
    {
        var rank = (int)x.dim();
        long[] channelsLast = [0, .. Enumerable.Range(2, rank - 2).Select(i => (long)i), 1];
        long[] channelsSecond = [0, rank - 1, .. Enumerable.Range(1, rank - 2).Select(i => (long)i)];
        var ordered = x.permute(channelsLast);
        return ordered.contiguous().flatten().view(ordered.shape).permute(channelsSecond);
    }
}
