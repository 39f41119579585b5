using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>Imports operators on element types that they have no kernel for by way of another type.</summary>
internal static class TypeDetours
{
    /// <summary>Functions of real numbers that are defined on integers, too: computed in float64 and truncated.</summary>
    public static OnnxImport IntegersInFloat64(OnnxImport import) => Detour(import, e => e.IsInteger(), ElementType.Float64);

    /// <summary>Truth values as the bytes that they are.</summary>
    public static OnnxImport BoolsInUInt8(OnnxImport import) => Detour(import, e => e == ElementType.Bool, ElementType.UInt8);

    private static OnnxImport Detour(OnnxImport import, Func<ElementType, bool> needs, ElementType by) =>
        (node, graph) =>
        {
            var element = node.Input(0).Element;
            if (!needs(element))
            {
                return import(node, graph);
            }

            var x = graph.Add(new Cast(by), node.Input(0));
            var outputs = import(node.WithInputs(node.Inputs.SetItem(0, x)), graph);
            return [.. outputs.Select(o => o.Element == by ? graph.Add(new Cast(element), o) : o)];
        };
}
