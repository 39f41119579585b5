using ModelCompiler.Testing;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Compression.Tests.Training;

/// <summary>That libtorch, as it is loaded, computes what it says.</summary>
public sealed class LibTorchTests
{
    [TorchTheory]
    [InlineData(1, 20, 5)]
    [InlineData(8, 24, 3)]
    [InlineData(20, 50, 5)]
    [InlineData(24, 24, 3)]
    [InlineData(32, 8, 3)]
    [InlineData(72, 40, 3)]
    public void Convolutions_and_their_gradients_are_right_whatever_the_number_of_channels(int inputs, int outputs, int kernel)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (x, weight) = (rand(3, inputs, 9, 9), rand(outputs, inputs, kernel, kernel));
        var outer = rand(3, outputs, 10 - kernel, 10 - kernel);

        var single = Gradients(x, weight, outer);
        var expected = Gradients(x.to_type(ScalarType.Float64), weight.to_type(ScalarType.Float64), outer.to_type(ScalarType.Float64));

        foreach (var (given, wanted) in single.Zip(expected))
        {
            var scale = wanted.abs().max().item<double>();
            Assert.InRange((given.to_type(ScalarType.Float64) - wanted).abs().max().item<double>(), 0, 1e-5 * scale);
        }
    }

    private static Tensor[] Gradients(Tensor x, Tensor weight, Tensor outer)
    {
        (x, weight) = (x.clone().requires_grad_(), weight.clone().requires_grad_());
        var y = functional.conv2d(x, weight);
        (y * outer).sum().backward();
        return [y.detach(), x.grad!, weight.grad!];
    }
}
