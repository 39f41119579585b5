using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.ControlFlow;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Lowering;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>An input or output.</summary>
internal sealed record PortReport(string Name, string Type, IReadOnlyList<int> Shape)
{
    public static PortReport Of(ModelPort port) => new(port.Name, port.Type.Element.ToString(), [.. port.Type.Shape]);
}

/// <summary>An operator of the file, with how often it is there.</summary>
internal sealed record OperatorReport(string Name, int Count, bool Supported);

/// <summary>A step of the compiled network.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Kernel">Family, tile and shapes.</param>
/// <param name="Inputs">Types of what it reads.</param>
/// <param name="Outputs">Types of what it writes.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="WeightBytes">Bytes of packed weights that it reads.</param>
/// <param name="ArenaBytes">Bytes of the arena that it reads, writes or works in.</param>
/// <param name="Int8Bytes">What its weights would take as int8 without any compression, and its biases as int32; 0 where it has none.</param>
/// <param name="Float32Bytes">What both would take as float32.</param>
internal sealed record LayerReport(
    string Name,
    string Kernel,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    long Macs,
    long WeightBytes,
    long ArenaBytes,
    long Int8Bytes,
    long Float32Bytes
)
{
    public static LayerReport Of(Step step, KernelProgram program)
    {
        var (int8, float32) = program.PlainBytesOf(step);
        var operands = step.Inputs.Concat(step.Outputs).Concat(step.Scratch is { } scratch ? [scratch] : []).Distinct().ToList();
        return new(
            step.Name,
            step.Kernel.DescribeLayer(),
            [.. step.Inputs.Select(i => i.Type.ToString())],
            [.. step.Outputs.Select(o => o.Type.ToString())],
            step.Macs,
            program.WeightBytesOf(step),
            operands.Where(o => o.Place == Place.Arena).Sum(o => (long)o.Type.Bytes),
            int8,
            float32
        );
    }
}

/// <summary>
/// Everything that <c>modelc inspect</c> knows about a model. <c>LeastArenaBytes</c> is the most that is alive at one step: no plan
/// for the same kernels could need less.
/// </summary>
internal sealed record InspectReport(
    string Model,
    string Status,
    string Target,
    IReadOnlyList<PortReport> Inputs,
    IReadOnlyList<PortReport> Outputs,
    IReadOnlyList<OperatorReport> Operators,
    long? Macs,
    long? WeightBytes,
    long? ArenaBytes,
    long? LeastArenaBytes,
    IReadOnlyList<LayerReport> Layers,
    IReadOnlyList<DiagnosticReport> Diagnostics
)
{
    public static InspectReport Of(ModelCase opened)
    {
        var (program, problems) = opened.Lower();
        return new(
            opened.File.Path,
            program is null ? "unsupported" : "supported",
            opened.Options.Target.Name,
            [.. program?.Inputs.Select(PortReport.Of) ?? []],
            [.. program?.Outputs.Select(PortReport.Of) ?? []],
            OperatorsOf(opened.File.Proto),
            program?.Steps.Sum(s => s.Macs),
            program?.Weights.Length,
            program?.ArenaBytes,
            program?.LeastArenaBytes,
            [.. program?.Steps.Select(s => LayerReport.Of(s, program)) ?? []],
            DiagnosticReport.Of(problems)
        );
    }

    public void Print(IAnsiConsole console)
    {
        console.WriteLine($"{Model} for {Target}");
        foreach (var (kind, ports) in new[] { ("input ", Inputs), ("output", Outputs) })
        {
            foreach (var port in ports)
            {
                console.WriteLine($"{kind} {port.Name}: {port.Type}[{string.Join(",", port.Shape)}]");
            }
        }

        console.WriteLine(
            "operators "
                + string.Join(
                    ", ",
                    Operators.Select(o =>
                        $"{o.Name} ×{o.Count.ToString(CultureInfo.InvariantCulture)}{(o.Supported ? "" : " (not supported)")}"
                    )
                )
        );
        if (Status == "supported")
        {
            console.Write(LayerTable());
            console.WriteLine(SavedText());
            console.WriteLine(
                $"{Amount.Of(Macs!.Value)} MAC, weights {Amount.Bytes(WeightBytes!.Value)}, arena {Amount.Bytes(ArenaBytes!.Value)} (most alive at once: {Amount.Bytes(LeastArenaBytes!.Value)})"
            );
        }

        DiagnosticReport.Print(console, Diagnostics);
    }

    /// <summary>Of the layers that have weights, what they take as they are baked and would take otherwise.</summary>
    private string SavedText()
    {
        var layers = Layers.Where(l => l.Float32Bytes > 0).ToList();
        var (baked, int8, float32) = (layers.Sum(l => l.WeightBytes), layers.Sum(l => l.Int8Bytes), layers.Sum(l => l.Float32Bytes));
        return layers.Count == 0
            ? "no weights"
            : $"weights and biases as baked {Amount.Bytes(baked)}, as dense int8 {Amount.Bytes(int8)}, as float32 {Amount.Bytes(float32)}: "
                + $"{((double)float32 / Math.Max(1, baked)).ToString("F1", CultureInfo.InvariantCulture)} times smaller than float32";
    }

    private Table LayerTable()
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumns("layer", "kernel", "output");
        foreach (var heading in new[] { "MAC", "weights", "as int8", "as float32", "arena" })
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var layer in Layers)
        {
            table.AddRow(
                new Text(layer.Name),
                new Text(layer.Kernel),
                new Text(string.Join(" ", layer.Outputs)),
                new Text(layer.Macs == 0 ? "" : Amount.Of(layer.Macs)),
                new Text(layer.WeightBytes == 0 ? "" : Amount.Bytes(layer.WeightBytes)),
                new Text(layer.Int8Bytes == 0 ? "" : Amount.Bytes(layer.Int8Bytes)),
                new Text(layer.Float32Bytes == 0 ? "" : Amount.Bytes(layer.Float32Bytes)),
                new Text(Amount.Bytes(layer.ArenaBytes))
            );
        }

        return table;
    }

    private static List<OperatorReport> OperatorsOf(ModelProto? model) =>
        model?.Graph is null
            ? []
            :
            [
                .. model
                    .Graph.Node.GroupBy(n => (Domain: OnnxDomains.Normalise(n.Domain), n.OpType))
                    .OrderByDescending(g => g.Count())
                    .ThenBy(g => g.Key.OpType, StringComparer.Ordinal)
                    .Select(g => new OperatorReport(
                        g.Key.Domain.Length > 0 ? $"{g.Key.Domain}.{g.Key.OpType}" : g.Key.OpType,
                        g.Count(),
                        OnnxOperatorTable.Find(g.Key.Domain, g.Key.OpType) is not null
                            || ControlFlowTable.Find(g.Key.Domain, g.Key.OpType) is not null
                            || model.Functions.Any(f => OnnxDomains.Normalise(f.Domain) == g.Key.Domain && f.Name == g.Key.OpType)
                    )),
            ];
}
