using System.Collections.Immutable;

namespace ModelCompiler.Import.Onnx;

/// <summary>What imports an operator, and the versions of its operator set in which ONNX gave it a new definition.</summary>
/// <param name="import">The function that imports it, whatever its version.</param>
/// <param name="versions">
/// The versions in order: of ai.onnx from the one that holds in opset 7 on. What deprecates an operator is no definition.
/// </param>
internal sealed class Versioned<TImport>(TImport import, params int[] versions)
{
    public TImport Import { get; } = import;

    public ImmutableArray<int> Versions { get; } = [.. versions];
}
