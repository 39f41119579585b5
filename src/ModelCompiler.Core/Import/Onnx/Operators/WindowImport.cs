using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode of convolutions and pools into a <see cref="Window"/>.</summary>
internal static class WindowImport
{
    /// <summary>The window of a convolution over x [N, C, …] with weights w [M, C/group, …].</summary>
    public static Window OfConvolution(OnnxNode node, TensorShape x, TensorShape w)
    {
        if (x.Rank < 3 || w.Rank != x.Rank)
        {
            throw new ShapeException($"x and w need the same rank of at least 3, found {x} and {w}");
        }

        int[] kernel = [.. w.Skip(2)];
        var given = Sizes(node, "kernel_shape", kernel.Length, null) ?? kernel;
        return given.SequenceEqual(kernel)
            ? Resolve(node, x, kernel)
            : throw new ShapeException($"kernel_shape is [{string.Join(",", given)}] but the weights are {w}");
    }

    /// <summary>
    /// The window of a pool over x [N, C, …]. With ceil_mode the end pads grow until the rounded-down number of outputs is the
    /// rounded-up one; <see cref="CeilPads"/> says by how much, for averages that count padding.
    /// </summary>
    public static Window OfPool(OnnxNode node, TensorShape x)
    {
        var window = OfPoolRoundedDown(node, x);
        var ceil = CeilPads(node, window, x);
        return window with { PadsEnd = window.PadsEnd.Zip(ceil, (pad, extra) => pad + extra).ToArray() };
    }

    /// <summary>The window that walks over an image in the blocks of Col2Im.</summary>
    public static Window OfBlocks(OnnxNode node, int[] image, TensorShape block) =>
        block.Rank == image.Length && block.All(size => size > 0)
            ? Resolve(node, new TensorShape([1, 1, .. image]), [.. block])
            : throw new ShapeException($"blocks {block} do not fit an image of {image.Length} dimensions");

    /// <summary>The window of a pool as if ceil_mode were 0.</summary>
    public static Window OfPoolRoundedDown(OnnxNode node, TensorShape x) =>
        Resolve(node, x, Sizes(node, "kernel_shape", x.Rank - 2, null) ?? throw new ShapeException("attribute 'kernel_shape' is missing"));

    /// <summary>The elements that ceil_mode adds behind the padded input in each dimension; zeros without it.</summary>
    /// <param name="node">The pool.</param>
    /// <param name="window">Its window without them.</param>
    /// <param name="x">Shape of its input, channels first.</param>
    public static int[] CeilPads(OnnxNode node, Window window, TensorShape x)
    {
        var extra = new int[window.Rank];
        if (node.Int("ceil_mode", 0) == 0 || node.Text("auto_pad", "NOTSET") is "SAME_UPPER" or "SAME_LOWER")
        {
            return extra;
        }

        for (var axis = 0; axis < extra.Length; axis++)
        {
            var (size, stride) = (x[axis + 2], window.Strides[axis]);
            var room = size + window.PadsBegin[axis] + window.PadsEnd[axis] - window.Extent(axis);
            var outputs = room < 0 ? 1 : ((room + stride - 1) / stride) + 1;

            // A window that would begin in the end padding is dropped.
            if ((outputs - 1) * stride >= size + window.PadsBegin[axis])
            {
                outputs--;
            }

            extra[axis] = Math.Max(0, ((outputs - 1) * stride) - room);
        }

        return extra;
    }

    private static Window Resolve(OnnxNode node, TensorShape x, int[] kernel)
    {
        var rank = x.Rank - 2;
        var strides = Sizes(node, "strides", rank, 1)!;
        var dilations = Sizes(node, "dilations", rank, 1)!;
        var window = new Window(kernel, strides, dilations, new int[rank], new int[rank]);
        if (kernel.Zip(dilations, (k, d) => (long)k * d).Any(extent => extent > TensorShape.MaxElements))
        {
            throw new ShapeException($"a kernel [{string.Join(",", kernel)}] dilated by [{string.Join(",", dilations)}] is too large");
        }

        var automatic = node.Text("auto_pad", "NOTSET");
        return automatic switch
        {
            "NOTSET" or "" => WithExplicitPads(node, window),
            "VALID" => window,
            "SAME_UPPER" or "SAME_LOWER" => WithSamePads(window, x, automatic == "SAME_UPPER"),
            _ => throw node.Unsupported($"auto_pad '{automatic}'; supported: NOTSET, VALID, SAME_UPPER, SAME_LOWER"),
        };
    }

    private static Window WithExplicitPads(OnnxNode node, Window window)
    {
        var rank = window.Rank;
        var pads = node.Ints("pads") ?? new long[2 * rank];
        if (pads.Length != 2 * rank)
        {
            throw new ShapeException($"pads has {pads.Length} numbers; {rank} spatial dimensions need {2 * rank}");
        }

        if (pads.Any(p => p is < 0 or > TensorShape.MaxElements))
        {
            throw new ShapeException($"pads [{string.Join(",", pads)}] has an entry outside of [0, {TensorShape.MaxElements}]");
        }

        return window with
        {
            PadsBegin = pads.Take(rank).Select(p => (int)p).ToArray(),
            PadsEnd = pads.Skip(rank).Select(p => (int)p).ToArray(),
        };
    }

    /// <summary>As many outputs as strides fit into the input; where the padding is odd, the upper or the lower end gets more.</summary>
    private static Window WithSamePads(Window window, TensorShape x, bool upper)
    {
        var (begin, end) = (new int[window.Rank], new int[window.Rank]);
        for (var axis = 0; axis < begin.Length; axis++)
        {
            var (size, stride) = (x[axis + 2], window.Strides[axis]);
            var outputs = (size + stride - 1) / stride;
            var total = Math.Max(0, ((outputs - 1) * stride) + window.Extent(axis) - size);
            begin[axis] = upper ? total / 2 : total - (total / 2);
            end[axis] = total - begin[axis];
        }

        return window with
        {
            PadsBegin = begin,
            PadsEnd = end,
        };
    }

    /// <summary>A list attribute of sizes of at least 1; <paramref name="otherwise"/> repeated where it is left out.</summary>
    private static int[]? Sizes(OnnxNode node, string attribute, int count, int? otherwise)
    {
        if (node.Ints(attribute) is not { Length: > 0 } given)
        {
            return otherwise is { } value ? [.. Enumerable.Repeat(value, Math.Max(count, 0))] : null;
        }

        if (given.Length != count)
        {
            throw new ShapeException($"{attribute} has {given.Length} numbers; the input has {count} spatial dimensions");
        }

        return given.All(g => g is >= 1 and <= TensorShape.MaxElements)
            ? [.. given.Select(g => (int)g)]
            : throw new ShapeException($"{attribute} [{string.Join(",", given)}] has an entry outside of [1, {TensorShape.MaxElements}]");
    }
}
