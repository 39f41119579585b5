using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Native;

/// <summary>That libtorch convolves as it should, by convolutions that are known to go wrong with some kernels of oneDNN.</summary>
internal static class ConvolutionCheck
{
    /// <summary>Convolves in single and in double precision, which other code does.</summary>
    /// <exception cref="LibTorchException">The results differ by more than rounding.</exception>
    public static void Run()
    {
        const double tolerance = 1e-3;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (var (inputs, outputs, kernel) in new[] { (24, 8, 3), (20, 50, 5) })
        {
            var x = linspace(-1, 1, 4 * inputs * 64).reshape(4, inputs, 8, 8);
            var weight = linspace(-1, 1, outputs * inputs * kernel * kernel).reshape(outputs, inputs, kernel, kernel).cos();
            var single = functional.conv2d(x, weight).to_type(ScalarType.Float64);
            var expected = functional.conv2d(x.to_type(ScalarType.Float64), weight.to_type(ScalarType.Float64));
            var difference = (single - expected).abs().max().item<double>();
            if (!(difference <= tolerance))
            {
                throw new LibTorchException(
                    $"libtorch's convolutions are wrong on this processor, by up to {difference:G3}; without the environment variable {TorchEnvironment.InstructionLimit} they may be right"
                );
            }
        }
    }
}
