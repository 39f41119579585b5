using System.Runtime.InteropServices;

namespace ModelCompiler.Training.Native;

/// <summary>What libtorch and its libraries find when they are loaded. Environment variables that the user has set stay.</summary>
internal static class TorchEnvironment
{
    private const string LogLevel = "TORCH_CPP_LOG_LEVEL";

    // Numbers of glibc's malloc.h.
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MapMaximum = -4;

    /// <summary>
    /// Has libtorch write errors only: it warns of libraries that it can do without. And has the C library keep the memory of tensors that
    /// are gone: it would give that of large ones back to the system, and the pages of each batch's tensors would come one by one again,
    /// which can take longer than to compute what is in them.
    /// </summary>
    /// <exception cref="LibTorchException">Something cannot be set.</exception>
    public static void Prepare()
    {
        // What .NET calls the environment is a copy, which native libraries do not see.
        if (SetEnvironmentVariable(LogLevel, "ERROR", overwrite: 0) != 0)
        {
            throw new LibTorchException($"the environment variable {LogLevel} cannot be set: error {Marshal.GetLastPInvokeError()}");
        }

        Allocate(MapMaximum, 0);
        Allocate(TrimThreshold, int.MaxValue);
        Allocate(TopPad, 64 << 20);
    }

    /// <summary>Has libtorch look at its log level, which only programs in Python make it do by themselves.</summary>
    /// <param name="c10">libc10, the part of libtorch that logs.</param>
    public static void ReadLogLevel(nint c10)
    {
        // c10::initLogging(). Without it, more is written, and nothing else is different.
        if (NativeLibrary.TryGetExport(c10, "_ZN3c1011initLoggingEv", out var initialise))
        {
            Marshal.GetDelegateForFunctionPointer<Action>(initialise)();
        }
    }

    private static void Allocate(int option, int value)
    {
        if (SetAllocation(option, value) == 0)
        {
            throw new LibTorchException($"the C library does not take the value {value} for the option {option} of mallopt");
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

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int SetAllocation(int option, int value);
}
