using System.Globalization;
using System.Xml.Linq;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>What <c>inspect</c> says of each layer and <c>bench --layers</c> measures, to be sorted by any column.</summary>
internal static class LayerTable
{
    public static XElement Of(ModelFacts model)
    {
        List<Column> columns =
        [
            new("layer", IsNumber: false),
            new("step"),
            new("kernel", IsNumber: false),
            new("output", IsNumber: false),
            new("MAC"),
            new("weights"),
            new("arena"),
        ];
        if (model.Time is not null)
        {
            columns.AddRange([new("time"), new("share"), new("GMAC/s")]);
        }

        return PageTable.Of(
            "Layers as compiled, in the order in which they run",
            "layers",
            columns,
            model.Inspected.Layers.Select((layer, i) => Row(model, layer, i)),
            Sum(model),
            sortable: true
        );
    }

    private static List<TableCell> Row(ModelFacts model, LayerReport layer, int index)
    {
        List<TableCell> cells =
        [
            new(layer.Name),
            new((index + 1).ToString(CultureInfo.InvariantCulture), index + 1),
            new(layer.Kernel),
            new(string.Join(" ", layer.Outputs)),
            TableCell.Of(layer.Macs, Amount.Of),
            TableCell.Of(model.Weights[index].BakedBytes, Amount.Bytes),
            TableCell.Of(layer.ArenaBytes, Amount.Bytes),
        ];
        if (model.Time is { } time)
        {
            var (milliseconds, total) = (time.LayerMs[index], time.LayerMs.Sum());
            var share = total > 0 ? milliseconds / total : 0;
            var rate = milliseconds > 0 ? layer.Macs / milliseconds / 1e6 : 0;
            cells.Add(new(Amount.Milliseconds(milliseconds), milliseconds));
            cells.Add(new(string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1} %"), share));
            cells.Add(new(layer.Macs == 0 ? "" : Amount.Number(rate), rate));
        }

        return cells;
    }

    private static List<TableCell> Sum(ModelFacts model)
    {
        List<TableCell> cells =
        [
            new("all"),
            new(""),
            new(""),
            new(""),
            TableCell.Of(model.Macs, Amount.Of),
            // With what lies between them, so that each begins where the processor likes it.
            TableCell.Of(model.WeightBytes, Amount.Bytes),
            TableCell.Of(model.ArenaBytes, Amount.Bytes),
        ];
        if (model.Time is { } time)
        {
            cells.AddRange([new(Amount.Milliseconds(time.LayerMs.Sum())), new(""), new("")]);
        }

        return cells;
    }
}
