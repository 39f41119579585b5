using System.Runtime.InteropServices;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ModelCompiler.Training.Native;

/// <summary>The library with which libtorch convolves.</summary>
internal static class OneDnn
{
    private const string Limit = "ONEDNN_MAX_CPU_ISA";

    /// <summary>
    /// Keeps it to its kernels for SSE4.1. Those that it has, in libtorch 2.10, for AVX, AVX2 and AVX-512 give wrong sums, some of them no
    /// number, for convolutions whose channels do not fill registers. A limit that the user has set stays. To be called before libtorch is
    /// loaded.
    /// </summary>
    public static void KeepToRightKernels()
    {
        // What .NET calls the environment is a copy, which native libraries do not see.
        if (SetEnvironmentVariable(Limit, "SSE41", overwrite: 0) != 0)
        {
            throw new LibTorchException($"the environment variable {Limit} cannot be set: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Convolves in single and in double precision, which other code does.</summary>
    /// <exception cref="LibTorchException">The results differ by more than rounding.</exception>
    public static void Check()
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
                    $"libtorch's convolutions are wrong on this processor, by up to {difference:G3}; without the environment variable {Limit} they may be right"
                );
            }
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
