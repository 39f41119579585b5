using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Verification;

/// <summary>What this machine's processor can run.</summary>
public static class Processor
{
    /// <summary>What the system calls it; the architecture where it has no name for it.</summary>
    public static string Name { get; } = ReadName();

    /// <summary>Whether it has an instruction set.</summary>
    public static bool Supports(InstructionSet set) =>
        set switch
        {
            InstructionSet.Avx512 => Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported,
            InstructionSet.AvxVnni => AvxVnni.IsSupported && Gfni.V256.IsSupported,
            InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
            InstructionSet.Sse41 => Sse41.IsSupported,
            InstructionSet.ArmDotProduct => Dp.IsSupported,
            InstructionSet.AdvSimd => AdvSimd.Arm64.IsSupported,
            _ => true,
        };

    /// <summary>Whether code for a target runs on it: one of several variants is always the portable one.</summary>
    public static bool Supports(Target target) => target.InstructionSets.Any(Supports);

    private static string ReadName()
    {
        const string File = "/proc/cpuinfo";
        var lines = System.IO.File.Exists(File) ? System.IO.File.ReadLines(File) : [];
        var line = lines.FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
