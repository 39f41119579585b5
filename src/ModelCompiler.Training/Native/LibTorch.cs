using System.Runtime.InteropServices;
using TorchSharp;

namespace ModelCompiler.Training.Native;

/// <summary>Finds libtorch and loads it, so that TorchSharp works afterwards.</summary>
public static class LibTorch
{
    /// <summary>Names a folder that holds libtorch, for those who have it from elsewhere.</summary>
    public const string FolderVariable = "MODELC_LIBTORCH";

    private const string Package = "libtorch-cpu-linux-x64";
    private const string Version = "2.10.0";
    private const string MissingVersion = "GLIBCXX_3.4.32";
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <summary>Loads libtorch once a process.</summary>
    /// <param name="report">Told in a sentence when something unusual had to be done.</param>
    /// <exception cref="LibTorchException">It is not there, does not load or does not convolve as it should; the message says what to do.</exception>
    public static void Load(Action<string> report)
    {
        lock (Gate)
        {
            if (!_loaded)
            {
                if (OperatingSystem.IsLinux())
                {
                    TorchEnvironment.Prepare();
                    LoadOnLinux(report);
                }

                torch.InitializeDeviceType(DeviceType.CPU);
                ConvolutionCheck.Run();
                _loaded = true;
            }
        }
    }

    // What is loaded here by path is found by its name when TorchSharp asks for it.
    private static void LoadOnLinux(Action<string> report)
    {
        var folder = FindFolder();
        try
        {
            TorchEnvironment.ReadLogLevel(NativeLibrary.Load(Path.Combine(folder, "libc10.so")));
            NativeLibrary.Load(Path.Combine(folder, "libtorch_cpu.so"));
            NativeLibrary.Load(Path.Combine(folder, "libtorch.so"));
            LoadBinding(FindBinding(), report);
        }
        catch (DllNotFoundException e)
        {
            throw new LibTorchException($"libtorch in {folder} does not load: {e.Message}", e);
        }
    }

    /// <summary>
    /// Loads TorchSharp's own library. It asks for a version of libstdc++ that distributions of 2023 do not have, without using a
    /// symbol of it: where that is the complaint, a copy that asks only weakly is loaded in its place.
    /// </summary>
    private static void LoadBinding(string binding, Action<string> report)
    {
        try
        {
            NativeLibrary.Load(binding);
        }
        catch (DllNotFoundException e) when (e.Message.Contains(MissingVersion, StringComparison.Ordinal))
        {
            report(
                $"this system's libstdc++ has no {MissingVersion}; loading a copy of {Path.GetFileName(binding)} that does not insist on it"
            );
            var folder = Directory.CreateTempSubdirectory("modelc-");
            try
            {
                var elf = File.ReadAllBytes(binding);
                ElfVersionNeeds.MarkWeak(elf, MissingVersion);
                var copy = Path.Combine(folder.FullName, Path.GetFileName(binding));
                File.WriteAllBytes(copy, elf);
                NativeLibrary.Load(copy);
            }
            finally
            {
                // A loaded library stays mapped without its file.
                folder.Delete(recursive: true);
            }
        }
    }

    private static string FindBinding() =>
        new[] { Path.Combine("runtimes", "linux-x64", "native"), "" }
            .Select(f => Path.Combine(AppContext.BaseDirectory, f, "libLibTorchSharp.so"))
            .FirstOrDefault(File.Exists)
        ?? throw new LibTorchException("TorchSharp's native library libLibTorchSharp.so is not beside the program; it exists for x64 only");

    private static string FindFolder()
    {
        var packages =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string?[] folders =
        [
            Environment.GetEnvironmentVariable(FolderVariable),
            AppContext.BaseDirectory,
            Path.Combine(packages, Package, Version, "runtimes", "linux-x64", "native"),
        ];
        return folders.FirstOrDefault(f => f is not null && File.Exists(Path.Combine(f, "libtorch_cpu.so")))
            ?? throw new LibTorchException(
                $"training needs libtorch, which is not here; fetch it once (600 MB) with 'dotnet restore src/ModelCompiler.Training/libtorch' "
                    + $"or let the environment variable {FolderVariable} name a folder with libtorch {Version}"
            );
    }
}

/// <summary>libtorch is missing or does not load.</summary>
public sealed class LibTorchException(string message, Exception? inner = null) : Exception(message, inner);
