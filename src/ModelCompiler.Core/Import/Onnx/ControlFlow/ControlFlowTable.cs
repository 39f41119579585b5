using System.Collections.Immutable;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>Imports a node that has subgraphs, or whose inputs or outputs may be sequences or optionals. Null outputs have failed.</summary>
internal delegate ImmutableArray<OnnxValue?> ControlImport(ControlNode node);

/// <summary>The operators of which <see cref="OnnxOperatorTable"/> cannot speak, because not all they deal with are tensors.</summary>
internal static class ControlFlowTable
{
    // One line an operator, in alphabetical order.
    private static readonly Dictionary<string, Versioned<ControlImport>> Standard = new()
    {
        ["ConcatFromSequence"] = new(SequenceOperators.ConcatFromSequence, 11),
        ["Identity"] = new(OptionalOperators.Identity, 1, 13, 14, 16, 19, 21, 23, 24, 25),
        ["If"] = new(IfImport.If, 1, 11, 13, 16, 19, 21, 23, 24, 25),
        ["Loop"] = new(LoopImport.Loop, 1, 11, 13, 16, 19, 21, 23, 24, 25),
        ["Optional"] = new(OptionalOperators.Optional, 15),
        ["OptionalGetElement"] = new(OptionalOperators.GetElement, 15, 18),
        ["OptionalHasElement"] = new(OptionalOperators.HasElement, 15, 18),
        ["Scan"] = new(ScanLoopImport.Scan, 8, 9, 11, 16, 19, 21, 23, 24, 25),
        ["SequenceAt"] = new(SequenceOperators.At, 11),
        ["SequenceConstruct"] = new(SequenceOperators.Construct, 11),
        ["SequenceEmpty"] = new(SequenceOperators.Empty, 11),
        ["SequenceErase"] = new(SequenceOperators.Erase, 11),
        ["SequenceInsert"] = new(SequenceOperators.Insert, 11),
        ["SequenceLength"] = new(SequenceOperators.Length, 11),
        ["SequenceMap"] = new(SequenceMapImport.SequenceMap, 17),
        ["SplitToSequence"] = new(SplitToSequenceImport.SplitToSequence, 11, 24),
    };

    private static readonly Dictionary<string, Versioned<ControlImport>> Preview = new()
    {
        ["FlexAttention"] = new(FlexAttentionImport.FlexAttention, 1),
    };

    /// <summary>Names of the operators of the default domain.</summary>
    public static IEnumerable<string> StandardNames => Standard.Keys;

    /// <summary>All operators that are imported here, with the versions that there are of each.</summary>
    public static IEnumerable<(string Domain, string Operator, ImmutableArray<int> Versions)> All =>
        [.. Standard.Select(o => ("", o.Key, o.Value.Versions)), .. Preview.Select(o => (OnnxDomains.Preview, o.Key, o.Value.Versions))];

    public static ControlImport? Find(string domain, string operatorType) =>
        (
            domain switch
            {
                "" => Standard,
                OnnxDomains.Preview => Preview,
                _ => null,
            }
        )?.TryGetValue(operatorType, out var found) == true
            ? found.Import
            : null;
}
