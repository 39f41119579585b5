using System.Runtime.InteropServices;
using ModelCompiler.Testing;

namespace ModelCompiler.Aot.Tests;

/// <summary>What a test needs that a machine with nothing but the .NET SDK does not have.</summary>
[Flags]
public enum Needs
{
    /// <summary>A linker for NativeAOT on this machine.</summary>
    NativeToolchain = 1,

    /// <summary>A cross compiler for arm64, and qemu to run what it makes.</summary>
    Arm64 = 2,

    /// <summary>The folder of real models beside the repository.</summary>
    TestData = 4,
}

/// <summary>A test that is skipped, with the reason, where the machine lacks something.</summary>
public sealed class MachineFactAttribute : FactAttribute
{
    public MachineFactAttribute(Needs needs) => Skip = Machine.Missing(needs);
}

/// <summary>The same for a test with cases.</summary>
public sealed class MachineTheoryAttribute : TheoryAttribute
{
    public MachineTheoryAttribute(Needs needs) => Skip = Machine.Missing(needs);
}

/// <summary>What this machine has.</summary>
internal static class Machine
{
    public const string Qemu = "qemu-aarch64-static";

    /// <summary>Why a test cannot run here; null where it can.</summary>
    public static string? Missing(Needs needs)
    {
        var missing = new List<string>();
        if (needs.HasFlag(Needs.NativeToolchain))
        {
            if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
            {
                missing.Add("Linux on x64");
            }
            else if (!HasTool("clang") && !HasTool("gcc"))
            {
                missing.Add("clang or gcc");
            }
        }

        if (needs.HasFlag(Needs.Arm64))
        {
            missing.AddRange(new[] { "clang", "ld.lld", "aarch64-linux-gnu-objcopy", Qemu }.Where(tool => !HasTool(tool)));
        }

        if (needs.HasFlag(Needs.TestData) && TestData.Root is null)
        {
            missing.Add("shared/testdata beside the repository");
        }

        return missing.Count == 0 ? null : "needs " + string.Join(", ", missing);
    }

    private static bool HasTool(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));
}
