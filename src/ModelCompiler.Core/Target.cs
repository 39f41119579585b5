using ModelCompiler.Graphs;

namespace ModelCompiler;

/// <summary>A set of instructions that a kernel can be written for.</summary>
public enum InstructionSet
{
    /// <summary>512-bit AVX-512 F, BW, DQ and VL, without the dot-product instructions, which .NET does not have.</summary>
    Avx512,

    /// <summary>AVX2, FMA, the 256-bit dot product of AVX-VNNI, and GFNI, which every processor with AVX-VNNI has.</summary>
    AvxVnni,

    /// <summary>AVX2 and FMA.</summary>
    Avx2,

    /// <summary>SSE4.1 and what comes before.</summary>
    Sse41,

    /// <summary>Arm's AdvSimd with <c>sdot</c>.</summary>
    ArmDotProduct,

    /// <summary>Arm's base AdvSimd.</summary>
    AdvSimd,

    /// <summary>The portable Vector128 of the base class library, which runs everywhere.</summary>
    Portable,
}

/// <summary>What code is generated for.</summary>
/// <param name="Name">The value of the MSBuild property ModelCompilerTarget.</param>
/// <param name="InstructionSets">
/// The variants a kernel may have, best first; at run time the first that the processor has is taken. The last one always runs
/// on the target's architecture.
/// </param>
public sealed record Target(string Name, EquatableArray<InstructionSet> InstructionSets)
{
    /// <summary>Every architecture, decided at run time.</summary>
    public static Target Auto { get; } =
        new(
            "auto",
            (InstructionSet[])
                [
                    InstructionSet.Avx512,
                    InstructionSet.AvxVnni,
                    InstructionSet.Avx2,
                    InstructionSet.ArmDotProduct,
                    InstructionSet.AdvSimd,
                    InstructionSet.Portable,
                ]
        );

    /// <summary>All targets by name; <c>auto</c> stands for its form without a runtime identifier.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        Auto,
        One("x64-avx512", InstructionSet.Avx512),
        One("x64-avxvnni", InstructionSet.AvxVnni),
        One("x64-avx2", InstructionSet.Avx2),
        One("x64-sse41", InstructionSet.Sse41),
        One("arm64-dotprod", InstructionSet.ArmDotProduct),
        One("arm64", InstructionSet.AdvSimd),
        One("portable", InstructionSet.Portable),
    ];

    /// <summary>The target of a name, narrowed to the architecture of a runtime identifier where the name is <c>auto</c>.</summary>
    /// <returns>Null where the name is unknown.</returns>
    public static Target? Find(string name, string? runtimeIdentifier = null)
    {
        if (name != "auto" || string.IsNullOrEmpty(runtimeIdentifier))
        {
            return All.FirstOrDefault(t => t.Name == name);
        }

        return runtimeIdentifier!.EndsWith("-x64", StringComparison.Ordinal)
                ? new Target(
                    "auto",
                    (InstructionSet[])[InstructionSet.Avx512, InstructionSet.AvxVnni, InstructionSet.Avx2, InstructionSet.Portable]
                )
            : runtimeIdentifier.EndsWith("-arm64", StringComparison.Ordinal)
                ? new Target("auto", (InstructionSet[])[InstructionSet.ArmDotProduct, InstructionSet.AdvSimd])
            : new Target("auto", (InstructionSet[])[InstructionSet.Portable]);
    }

    private static Target One(string name, InstructionSet set) => new(name, (InstructionSet[])[set]);
}
