using System.Globalization;
using ModelCompiler.Graphs;

namespace ModelCompiler.Emit;

/// <summary>Writes the static property Info. Its value is in a class of its own, so that programs that never ask do not carry it.</summary>
internal static class InfoEmitter
{
    private const string Runtime = "global::ModelCompiler.";

    public static void Emit(SourceWriter code, ModelDescription model)
    {
        code.Line("/// <summary>Shapes, quantisation, layers, and what the model costs.</summary>");
        code.Line($"public static {Runtime}ModelInfo Info => Description.Value;");
        code.Line();
        using var block = code.Open("private static class Description");
        code.Line($"internal static readonly {Runtime}ModelInfo Value = new()");
        code.Line("{");
        code.Line($"    Name = {Literals.Text(model.Name)},");
        code.Line($"    Target = {Literals.Text(model.Target)},");
        EmitList(code, "Inputs", "PortInfo", model.Inputs.Where(p => p.State is null).Select(Port));
        EmitList(code, "Outputs", "PortInfo", model.Outputs.Where(p => p.State is null).Select(Port));
        EmitList(code, "Layers", "LayerInfo", model.Layers.Select(Layer));
        if (model.Labels.Count > 0)
        {
            code.Line($"    Labels = new string[] {{ {string.Join(", ", model.Labels.Select(Literals.Text))} }},");
        }

        code.Line($"    Macs = {model.Macs.ToString(CultureInfo.InvariantCulture)},");
        code.Line($"    WeightBytes = {model.WeightBytes},");
        code.Line($"    ArenaBytes = {model.ArenaBytes},");
        if (model.StateBytes > 0)
        {
            code.Line($"    StateBytes = {model.StateBytes},");
        }

        code.Line("};");
    }

    private static void EmitList(SourceWriter code, string name, string type, IEnumerable<string> items)
    {
        code.Line($"    {name} = new {Runtime}{type}[]");
        code.Line("    {");
        foreach (var item in items)
        {
            code.Line($"        new({item}),");
        }

        code.Line("    },");
    }

    private static string Port(ModelPort port) =>
        $"{Literals.Text(port.Name)}, typeof({PortNames.TypeName(port, false)}), new int[] {{ {string.Join(", ", port.Type.Shape)} }}"
        + (
            port.Quantization is { } raw
                ? $", new {Runtime}QuantizationInfo(typeof({raw.Element.CSharpName()}), {Literals.Float(raw.Scale)}, {raw.ZeroPoint.ToString(CultureInfo.InvariantCulture)})"
                : ""
        )
        + (port.Size is { } size ? $", runTimeDimension: {size.Axis}" : "")
        + (port.Smallest is { } smallest ? $", smallestShape: new int[] {{ {string.Join(", ", smallest)} }}" : "");

    private static string Layer(LayerDescription layer) =>
        $"{Literals.Text(layer.Name)}, {Literals.Text(layer.Kernel)}, {layer.Macs.ToString(CultureInfo.InvariantCulture)}, {layer.WeightBytes}";
}
