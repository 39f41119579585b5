using System.Globalization;
using System.Text;
using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;
using ModelCompiler.Training.Architectures;

namespace ModelCompiler.Cli.Tests;

/// <summary>The table of architectures in docs/modelc.md.</summary>
public sealed class ArchitecturePageTests : IDisposable
{
    private const string Rewrite = "MODELCOMPILER_REWRITE_DOCS";
    private const string Head =
        "| architecture | an item is | options, with what they are without | example | weights | MAC |\n|---|---|---|---|---|---|\n";
    private const int Classes = 10;

    private static readonly string Page = Path.Combine(Repository.Root, "docs", "modelc.md");

    private readonly ModelFolder _models = new();

    [Fact]
    public async Task The_table_of_architectures_is_what_the_code_gives()
    {
        var text = File.ReadAllText(Page);
        var begin = text.IndexOf(Head, StringComparison.Ordinal);
        Assert.True(begin >= 0, "docs/modelc.md has no table of architectures");
        var end = text.IndexOf("\n\n", begin, StringComparison.Ordinal) + 1;
        var table = await Table();
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            File.WriteAllText(Page, text[..begin] + table + text[end..]);
        }

        Assert.True(
            File.ReadAllText(Page).Contains(table, StringComparison.Ordinal),
            $"docs/modelc.md does not have this table; {Rewrite}=1 dotnet test tests/ModelCompiler.Cli.Tests --filter {nameof(ArchitecturePageTests)} writes it:\n{table}"
        );
    }

    public void Dispose() => _models.Dispose();

    private async Task<string> Table()
    {
        var table = new StringBuilder(Head);
        foreach (var architecture in ArchitectureTable.All)
        {
            var item = Example(architecture);
            var outputs = architecture.Learns == Learns.Maps ? 1 : Classes;
            var model = architecture.Create("example", item, outputs, new(), seed: 1);
            var inspected = (await Invocation.Of("inspect", _models.Add(architecture.Name, model.ToByteArray()), "--json")).Json();
            var options = string.Join(
                ", ",
                architecture.Usual.Given().Select(c => string.Create(CultureInfo.InvariantCulture, $"`{c.Option} {c.Value}`"))
            );
            table.Append(
                CultureInfo.InvariantCulture,
                $"| `{architecture.Name}` | {Form(architecture.Takes)} | {options} | {Sizes(item)} | {Weights(model):N0} | {inspected.GetProperty("macs").GetInt64():N0} |\n"
            );
        }

        return table.ToString();
    }

    private static TensorShape Example(Architecture architecture) =>
        architecture switch
        {
            { Takes: ItemForm.Sequences } => new(49, 10),
            { Learns: Learns.Items } => new(640),
            _ => new(1, 28, 28),
        };

    private static string Form(ItemForm form) =>
        form switch
        {
            ItemForm.Images => "an image",
            ItemForm.Sequences => "a sequence",
            _ => "anything",
        };

    private static string Sizes(TensorShape item) => string.Join("×", item);

    /// <summary>What training changes: not running statistics, and no part of a formula.</summary>
    private static long Weights(ModelProto model) =>
        model
            .Graph.Initializer.Where(i => i.DataType == (int)ElementType.Float32 && i.Dims.Count > 0)
            .Where(i => !i.Name.EndsWith(".mean", StringComparison.Ordinal) && !i.Name.EndsWith(".var", StringComparison.Ordinal))
            .Where(i => !i.Name.EndsWith("/scales", StringComparison.Ordinal))
            .Sum(i => i.Dims.Aggregate(1L, (product, size) => product * size));
}
