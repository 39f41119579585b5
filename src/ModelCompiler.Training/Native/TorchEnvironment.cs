using System.Runtime.InteropServices;

namespace ModelCompiler.Training.Native;

/// <summary>Environment variables that libtorch and its libraries read when they are loaded. What the user has set stays.</summary>
internal static class TorchEnvironment
{
    /// <summary>Names the best instructions that oneDNN, with which libtorch convolves, may use.</summary>
    public const string InstructionLimit = "ONEDNN_MAX_CPU_ISA";

    private const string LogLevel = "TORCH_CPP_LOG_LEVEL";

    /// <summary>
    /// Keeps oneDNN to its kernels for SSE4.1: those that it has, in libtorch 2.10, for AVX, AVX2 and AVX-512 give wrong sums, some of them
    /// no number, for convolutions whose channels do not fill registers. And has libtorch write errors only: it warns of libraries that it
    /// can do without.
    /// </summary>
    /// <exception cref="LibTorchException">A variable cannot be set.</exception>
    public static void Prepare()
    {
        Set(InstructionLimit, "SSE41");
        Set(LogLevel, "ERROR");
    }

    private static void Set(string name, string value)
    {
        // What .NET calls the environment is a copy, which native libraries do not see.
        if (SetEnvironmentVariable(name, value, overwrite: 0) != 0)
        {
            throw new LibTorchException($"the environment variable {name} cannot be set: error {Marshal.GetLastPInvokeError()}");
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
