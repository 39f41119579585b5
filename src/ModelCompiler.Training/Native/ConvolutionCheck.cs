using static TorchSharp.torch;

namespace ModelCompiler.Training.Native;

/// <summary>That libtorch convolves as it should, by convolutions that are known to go wrong with some kernels of oneDNN.</summary>
internal static class ConvolutionCheck
{
    /// <summary>Names the best instructions that oneDNN, with which libtorch convolves, may use.</summary>
    private const string InstructionLimit = "ONEDNN_MAX_CPU_ISA";

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
            var single = ChannelsLast.Convolve(x, weight, null, [1, 1], [0, 0], [1, 1], 1).to_type(ScalarType.Float64);
            var expected = ChannelsLast.Convolve(
                x.to_type(ScalarType.Float64),
                weight.to_type(ScalarType.Float64),
                null,
                [1, 1],
                [0, 0],
                [1, 1],
                1
            );
            var difference = (single - expected).abs().max().item<double>();
            if (!(difference <= tolerance))
            {
                throw new LibTorchException(
                    $"libtorch's convolutions are wrong on this processor, by up to {difference:G3}; with the environment variable {InstructionLimit} set to SSE41 they may be right"
                );
            }
        }
    }
}
