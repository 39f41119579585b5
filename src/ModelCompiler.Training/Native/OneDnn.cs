using System.Runtime.InteropServices;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Native;

/// <summary>The library with which libtorch convolves.</summary>
internal static class OneDnn
{
    private const string Limit = "ONEDNN_MAX_CPU_ISA";

    /// <summary>
    /// Keeps it from AVX-512: of libtorch 2.10, its 3×3 convolutions there are wrong where several items have 24, 40, 56 … channels.
    /// A limit that the user has set stays. To be called before libtorch is loaded.
    /// </summary>
    public static void AvoidAvx512()
    {
        // What .NET calls the environment is a copy, which native libraries do not see.
        if (SetEnvironmentVariable(Limit, "AVX2", overwrite: 0) != 0)
        {
            throw new LibTorchException($"the environment variable {Limit} cannot be set: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Convolves in single and in double precision, which other code does.</summary>
    /// <exception cref="LibTorchException">The results differ by more than rounding.</exception>
    public static void Check()
    {
        const int channels = 24;
        const double tolerance = 1e-3;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var x = linspace(-1, 1, 2 * channels * 64).reshape(2, channels, 8, 8);
        var weight = linspace(-1, 1, 8 * channels * 9).reshape(8, channels, 3, 3).cos();
        var single = functional.conv2d(x, weight, padding: [1, 1]).to_type(ScalarType.Float64);
        var expected = functional.conv2d(x.to_type(ScalarType.Float64), weight.to_type(ScalarType.Float64), padding: [1, 1]);
        var difference = (single - expected).abs().max().item<double>();
        if (!(difference <= tolerance))
        {
            throw new LibTorchException(
                $"libtorch's convolutions are wrong on this processor, by up to {difference:G3}; the environment variable {Limit}, with the value AVX2 or less, may help"
            );
        }
    }

    [DllImport(
        "libc",
        EntryPoint = "setenv",
        SetLastError = true,
        CharSet = CharSet.Ansi,
        BestFitMapping = false,
        ThrowOnUnmappableChar = true
    )]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SetEnvironmentVariable(string name, string value, int overwrite);
}
