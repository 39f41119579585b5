using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Lowering.Tiling;

/// <summary>A channels-last convolution over rows and columns; one over a single dimension has one row.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Rows">Rows of the input.</param>
/// <param name="Columns">Columns of the input.</param>
/// <param name="Channels">Channels of the input, all groups.</param>
/// <param name="OutputRows">Rows of the output.</param>
/// <param name="OutputColumns">Columns of the output.</param>
/// <param name="OutputChannels">Channels of the output, all groups.</param>
/// <param name="Group">Channel groups.</param>
/// <param name="Vertical">The window along the rows.</param>
/// <param name="Horizontal">The window along the columns.</param>
internal sealed record ConvGeometry(
    int Batch,
    int Rows,
    int Columns,
    int Channels,
    int OutputRows,
    int OutputColumns,
    int OutputChannels,
    int Group,
    ConvGeometry.Axis Vertical,
    ConvGeometry.Axis Horizontal
)
{
    /// <summary>The window along one dimension.</summary>
    internal sealed record Axis(int Kernel, int Stride, int Dilation, int Pad)
    {
        /// <summary>The taps that lie inside the input for an output position, as a range.</summary>
        public (int Begin, int End) Taps(int output, int inputSize)
        {
            var first = (output * Stride) - Pad;
            var begin = first >= 0 ? 0 : (-first + Dilation - 1) / Dilation;
            var end = inputSize - first <= 0 ? 0 : Math.Min(Kernel, (inputSize - first + Dilation - 1) / Dilation);
            return begin < end ? (begin, end) : (0, 0);
        }

        /// <summary>Whether some output position has taps outside of the input.</summary>
        public bool LeavesInput(int outputSize, int inputSize) =>
            Pad > 0 || ((outputSize - 1) * Stride) - Pad + ((Kernel - 1) * Dilation) >= inputSize;
    }

    public int GroupChannels => Channels / Group;

    public int GroupOutputs => OutputChannels / Group;

    public bool IsDepthwise => GroupChannels == 1 && GroupOutputs == 1;

    /// <summary>How the work divides into rows; several images are always computed at once.</summary>
    public RowSplit? Split => Batch == 1 ? new(OutputRows, 1, OutputColumns * OutputChannels) : null;

    /// <summary>The geometry; null for three and more spatial dimensions.</summary>
    public static ConvGeometry? Of(Window window, int group, TensorShape x, TensorShape y)
    {
        if (window.Rank > 2 || y.Elements == 0 || x.Elements == 0)
        {
            return null;
        }

        var last = window.Rank - 1;
        var horizontal = new Axis(window.Kernel[last], window.Strides[last], window.Dilations[last], window.PadsBegin[last]);
        var vertical =
            last == 0 ? new Axis(1, 1, 1, 0) : new Axis(window.Kernel[0], window.Strides[0], window.Dilations[0], window.PadsBegin[0]);
        var rank = x.Rank;
        return new ConvGeometry(
            x[0],
            last == 0 ? 1 : x[1],
            x[rank - 2],
            x[rank - 1],
            last == 0 ? 1 : y[1],
            y[rank - 2],
            y[rank - 1],
            group,
            vertical,
            horizontal
        ).Simplified();
    }

    /// <summary>A matrix product as a convolution of one tap over a row of pixels.</summary>
    public static ConvGeometry OfMatrix(int rows, int summands, int columns) =>
        new ConvGeometry(1, 1, rows, summands, 1, rows, columns, 1, new(1, 1, 1, 0), new(1, 1, 1, 0)).Simplified();

    /// <summary>The segments of the row of taps that a tile of pixels has: for which of its pixels which taps lie inside.</summary>
    /// <returns>Taps from Begin to End count for the pixels from First to Last, both ends excluded.</returns>
    public IEnumerable<(int Begin, int End, int First, int Last)> Segments(int firstPixel, int pixels)
    {
        (int Begin, int End, int First, int Last)? open = null;
        for (var tap = 0; tap < Horizontal.Kernel; tap++)
        {
            int[] inside = [.. Enumerable.Range(0, pixels).Where(p => Inside(firstPixel + p, tap))];
            if (open is { } run && inside.Length > 0 && run.First == inside[0] && run.Last == inside[inside.Length - 1] + 1)
            {
                open = run with { End = tap + 1 };
                continue;
            }

            if (open is { } done)
            {
                yield return done;
            }

            open = inside.Length > 0 ? (tap, tap + 1, inside[0], inside[inside.Length - 1] + 1) : null;
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    /// <summary>Whether all taps of a tile lie inside the input's columns.</summary>
    public bool IsInterior(int firstPixel, int pixels) => Inside(firstPixel, 0) && Inside(firstPixel + pixels - 1, Horizontal.Kernel - 1);

    private bool Inside(int pixel, int tap)
    {
        var column = (pixel * Horizontal.Stride) - Horizontal.Pad + (tap * Horizontal.Dilation);
        return column >= 0 && column < Columns;
    }

    /// <summary>
    /// The same convolution with rows of a better length where it has one tap without stride and padding, so that rows do not
    /// matter: long enough for full tiles, short enough that a row stays in the first cache while all columns of the weights pass.
    /// </summary>
    private ConvGeometry Simplified()
    {
        const int CachedElements = 8192;
        var one = new Axis(1, 1, 1, 0);
        if (Vertical != one || Horizontal != one)
        {
            return this;
        }

        var pixels = Batch * OutputRows * OutputColumns;
        var longest = Channels * OutputChannels > pixels * Channels ? pixels : Math.Max(16, CachedElements / Channels);
        var length = pixels;
        if (pixels > longest)
        {
            // Any divisor will do; one of 12 fills tiles best.
            length = Enumerable
                .Range(1, longest)
                .Where(candidate => pixels % candidate == 0)
                .OrderByDescending(candidate =>
                    candidate >= 12 && candidate % 12 == 0 ? 2
                    : candidate >= 48 ? 1
                    : 0
                )
                .ThenByDescending(candidate => candidate)
                .First();
            length = length < 12 ? pixels : length;
        }

        return this with
        {
            Batch = 1,
            Rows = pixels / length,
            Columns = length,
            OutputRows = pixels / length,
            OutputColumns = length,
        };
    }
}
