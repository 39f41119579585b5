using System.Globalization;
using System.Text;
using ModelCompiler.Diagnostics;
using ModelCompiler.Items;

namespace ModelCompiler.Build;

/// <summary>What a build says about a model: one line of its output, and a page where the project asks for it.</summary>
internal static class ModelReport
{
    /// <summary>Shapes, work, memory, target, and what was assumed; null for a model that has errors.</summary>
    public static string? Line(ModelFile file) =>
        file.Plan.Description is not { } model
            ? null
            : $"{Path.GetFileName(file.Item.Path)} → {model.FullName}: {Ports(model.Inputs)} → {Ports(model.Outputs)}; "
                + $"{Count(model.Macs)} MAC, weights {Bytes(model.WeightBytes)}, arena {Bytes(model.ArenaBytes)}, target {model.Target}"
                + string.Concat(
                    file.Plan.Problems.Where(p => p.Kind.Severity == Severity.Info).Select(p => "; " + p.MessageWithout(file.Item.Path))
                );

    /// <summary>The same and a line a layer.</summary>
    public static string Text(ModelFile file)
    {
        var text = new StringBuilder().Append(Line(file)).Append("\n\n");
        foreach (var layer in file.Plan.Description!.Layers)
        {
            text.Append(layer.Name)
                .Append("  ")
                .Append(layer.Kernel)
                .Append("  ")
                .Append(Count(layer.Macs))
                .Append(" MAC  weights ")
                .Append(Bytes(layer.WeightBytes))
                .Append(layer.Float32Bytes == 0 ? "" : $" (as int8 {Bytes(layer.Int8Bytes)}, as float32 {Bytes(layer.Float32Bytes)})")
                .Append('\n');
        }

        return text.ToString();
    }

    private static string Ports(IEnumerable<ModelPort> ports) =>
        string.Join(", ", ports.Select(p => $"{p.Name} {p.Type.Element.ToString().ToLowerInvariant()}{p.Sizes}"));

    private static string Count(long count) =>
        count < 100_000 ? count.ToString(CultureInfo.InvariantCulture) : (count / 1e6).ToString("F2", CultureInfo.InvariantCulture) + " M";

    private static string Bytes(long bytes) =>
        bytes < 10_000 ? bytes.ToString(CultureInfo.InvariantCulture) + " B"
        : bytes < 10_000_000 ? (bytes / 1024.0).ToString("F1", CultureInfo.InvariantCulture) + " KiB"
        : (bytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture) + " MiB";
}
