using System.Collections.Immutable;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>Imports a node that has subgraphs, or whose inputs or outputs may be sequences or optionals. Null outputs have failed.</summary>
internal delegate ImmutableArray<OnnxValue?> ControlImport(ControlNode node);

/// <summary>The operators of which <see cref="OnnxOperatorTable"/> cannot speak, because not all they deal with are tensors.</summary>
internal static class ControlFlowTable
{
    // One line an operator, in alphabetical order.
    private static readonly Dictionary<string, ControlImport> Standard = new()
    {
        ["ConcatFromSequence"] = SequenceOperators.ConcatFromSequence,
        ["Identity"] = OptionalOperators.Identity,
        ["If"] = IfImport.If,
        ["Loop"] = LoopImport.Loop,
        ["Optional"] = OptionalOperators.Optional,
        ["OptionalGetElement"] = OptionalOperators.GetElement,
        ["OptionalHasElement"] = OptionalOperators.HasElement,
        ["Scan"] = ScanLoopImport.Scan,
        ["SequenceAt"] = SequenceOperators.At,
        ["SequenceConstruct"] = SequenceOperators.Construct,
        ["SequenceEmpty"] = SequenceOperators.Empty,
        ["SequenceErase"] = SequenceOperators.Erase,
        ["SequenceInsert"] = SequenceOperators.Insert,
        ["SequenceLength"] = SequenceOperators.Length,
        ["SequenceMap"] = SequenceMapImport.SequenceMap,
        ["SplitToSequence"] = SplitToSequenceImport.SplitToSequence,
    };

    private static readonly Dictionary<string, ControlImport> Preview = new() { ["FlexAttention"] = FlexAttentionImport.FlexAttention };

    /// <summary>Names of the operators of the default domain.</summary>
    public static IEnumerable<string> StandardNames => Standard.Keys;

    /// <summary>All operators that are imported here.</summary>
    public static IEnumerable<(string Domain, string Operator)> Names =>
        [.. Standard.Keys.Select(n => ("", n)), .. Preview.Keys.Select(n => (OnnxDomains.Preview, n))];

    public static ControlImport? Find(string domain, string operatorType) =>
        (
            domain switch
            {
                "" => Standard,
                OnnxDomains.Preview => Preview,
                _ => null,
            }
        )?.TryGetValue(operatorType, out var import) == true
            ? import
            : null;
}
