using ModelCompiler.Testing;
using ModelCompiler.Training.Native;
using static TorchSharp.torch;

namespace ModelCompiler.Compression.Tests.Training;

/// <summary>That libtorch, as it is loaded and called, computes what it says.</summary>
public sealed class LibTorchTests
{
    [TorchTheory]
    [InlineData(1, 1, 20, 5, 1, 1)]
    [InlineData(1, 20, 24, 3, 1, 1)]
    [InlineData(1, 24, 8, 5, 2, 4)]
    [InlineData(2, 1, 20, 5, 1, 1)]
    [InlineData(2, 3, 24, 3, 2, 1)]
    [InlineData(2, 8, 24, 3, 1, 1)]
    [InlineData(2, 20, 50, 5, 1, 1)]
    [InlineData(2, 24, 24, 3, 1, 1)]
    [InlineData(2, 24, 24, 3, 1, 3)]
    [InlineData(2, 32, 8, 3, 1, 1)]
    [InlineData(2, 24, 24, 3, 2, 24)]
    [InlineData(2, 24, 48, 3, 1, 24)]
    [InlineData(2, 24, 24, 3, 1, 24, 2)]
    [InlineData(2, 48, 80, 5, 2, 1)]
    [InlineData(2, 72, 40, 3, 1, 1)]
    [InlineData(2, 72, 40, 1, 1, 1)]
    [InlineData(2, 2, 8, 1, 2, 1)]
    [InlineData(3, 20, 24, 3, 1, 1)]
    [InlineData(3, 8, 8, 3, 1, 8)]
    [InlineData(3, 8, 24, 3, 2, 2)]
    public void Convolutions_and_their_gradients_are_right(
        int rank,
        int inputs,
        int outputs,
        int kernel,
        int stride,
        int group,
        int dilation = 1
    )
    {
        long[] Each(long value) => [.. Enumerable.Repeat(value, rank)];
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weight) = (rand([3, inputs, .. Each(9)]), rand([outputs, inputs / group, .. Each(kernel)]));

        AreRight((a, w) => ChannelsLast.Convolve(a, w, null, Each(stride), Each(kernel / 2), Each(dilation), group), x, weight);
    }

    // Some numbers of outputs were wrong for hundreds of pixels only.
    [TorchTheory]
    [InlineData(48, 40, 1)]
    [InlineData(16, 72, 1)]
    [InlineData(64, 80, 1)]
    [InlineData(80, 112, 1)]
    [InlineData(24, 40, 3)]
    [InlineData(40, 80, 3)]
    public void Convolutions_of_whole_batches_are_right_as_well(int inputs, int outputs, int kernel)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weight) = (rand([32, inputs, 7, 7]), rand([outputs, inputs, kernel, kernel]));

        AreRight((a, w) => ChannelsLast.Convolve(a, w, null, [1, 1], [kernel / 2, kernel / 2], [1, 1], 1), x, weight);
    }

    [TorchTheory]
    [InlineData(1, 20, 24, 3, 2, 1)]
    [InlineData(2, 24, 8, 3, 1, 1)]
    [InlineData(2, 48, 20, 5, 2, 1)]
    [InlineData(2, 24, 1, 3, 2, 1)]
    [InlineData(2, 24, 40, 3, 2, 4)]
    [InlineData(2, 24, 24, 3, 2, 24)]
    [InlineData(3, 20, 24, 3, 2, 1)]
    public void So_are_transposed_ones(int rank, int inputs, int outputs, int kernel, int stride, int group)
    {
        long[] Each(long value) => [.. Enumerable.Repeat(value, rank)];
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weight) = (rand([3, inputs, .. Each(6)]), rand([inputs, outputs / group, .. Each(kernel)]));

        AreRight((a, w) => ChannelsLast.ConvolveTransposed(a, w, Each(stride), Each(1), group), x, weight);
    }

    // In double precision other code computes.
    private static void AreRight(Func<Tensor, Tensor, Tensor> convolve, Tensor x, Tensor weight)
    {
        var single = Gradients(convolve, x, weight);
        var expected = Gradients(convolve, x.to_type(ScalarType.Float64), weight.to_type(ScalarType.Float64));

        foreach (var (given, wanted) in single.Zip(expected))
        {
            var scale = wanted.abs().max().item<double>();
            Assert.InRange((given.to_type(ScalarType.Float64) - wanted).abs().max().item<double>(), 0, 1e-5 * scale);
        }
    }

    private static Tensor[] Gradients(Func<Tensor, Tensor, Tensor> convolve, Tensor x, Tensor weight)
    {
        (x, weight) = (x.clone().requires_grad_(), weight.clone().requires_grad_());
        var y = convolve(x, weight);
        var outer = linspace(-1, 1, y.numel(), y.dtype).reshape(y.shape);
        (y * outer.cos()).sum().backward();
        return [y.detach(), x.grad!, weight.grad!];
    }
}
