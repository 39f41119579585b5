using System.Collections.Immutable;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>Takes sequences and optionals apart into the tensors that exist at run time, and puts them together again.</summary>
internal static class Structure
{
    public static ImmutableArray<Value> Flatten(params IEnumerable<OnnxValue> values) =>
        [
            .. values.SelectMany(v =>
                v switch
                {
                    OnnxTensor tensor => [tensor.Value],
                    OnnxSequence sequence => sequence.Items,
                    _ => ImmutableArray<Value>.Empty,
                }
            ),
        ];

    /// <summary>Other tensors in the same structure.</summary>
    public static ImmutableArray<OnnxValue> Rebuild(IEnumerable<OnnxValue> structure, IReadOnlyList<Value> tensors)
    {
        var next = 0;
        return
        [
            .. structure.Select(v =>
                v switch
                {
                    OnnxTensor => new OnnxTensor(tensors[next++]),
                    OnnxSequence sequence => new OnnxSequence([.. sequence.Items.Select(_ => tensors[next++])]),
                    _ => v,
                }
            ),
        ];
    }

    /// <summary>Whether both have the same structure, of tensors of the same types.</summary>
    public static bool AreAlike(OnnxValue a, OnnxValue b) =>
        a.GetType() == b.GetType() && Flatten(a).Select(v => v.Type).SequenceEqual(Flatten(b).Select(v => v.Type));

    /// <summary>What it is, with the types of all that it is made of.</summary>
    public static string Describe(OnnxValue value) =>
        value is OnnxSequence { Items.Length: > 0 } sequence
            ? $"{value.Description} ({string.Join(", ", sequence.Items.Select(i => i.Type))})"
            : value.Description;
}
