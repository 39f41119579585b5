using System.Runtime.InteropServices;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Results;

/// <summary>Where something was measured.</summary>
/// <param name="Processor">Its name.</param>
/// <param name="InstructionSets">Those that .NET makes use of here, of the ones that targets are made of.</param>
/// <param name="Runtime">Version of .NET.</param>
/// <param name="OnnxRuntime">Version of ONNX Runtime.</param>
internal sealed record Machine(string Processor, IReadOnlyList<string> InstructionSets, string Runtime, string OnnxRuntime)
{
    /// <summary>This machine.</summary>
    public static Machine This { get; } =
        new(
            Verification.Processor.Name,
            [.. Enum.GetValues<InstructionSet>().Where(Verification.Processor.Supports).Select(s => s.ToString())],
            RuntimeInformation.FrameworkDescription,
            OnnxRuntimeOracle.Version
        );

    /// <summary>Whether it has the dot product that the int8 kernels are meant for.</summary>
    public bool HasDotProduct() => InstructionSets.Contains(nameof(InstructionSet.AvxVnni));
}
