using System.Globalization;
using System.Xml.Linq;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>Weights as they are in the binary beside what they would take as bytes and as floats.</summary>
internal static class WeightsSection
{
    private const double LabelWidth = 130;
    private const double BarWidth = 430;
    private const double RowHeight = 30;

    public static IEnumerable<XElement> Of(ModelFacts model)
    {
        var sum = LayerWeights.Sum([.. model.Weights]);
        if (sum.Elements == 0)
        {
            yield return new XElement("p", "This model computes with no constants.");
            yield break;
        }

        yield return Bars(model, sum);
        yield return new XElement("p", Sentence(model, sum));
        yield return new XElement(
            "p",
            new XAttribute("class", "note"),
            "In the binary stands also what the kernels need beside the numbers: multipliers for rescaling, code books, positions of blocks, padding to whole vectors, and a second bias where the target has instructions for signed and for unsigned bytes. Of small layers that is more than the weights."
        );
        yield return Table(model, sum);
    }

    private static XElement Bars(ModelFacts model, LayerWeights sum)
    {
        (string Label, long Bytes, string Style)[] bars =
        [
            ("as float32", sum.Float32Bytes, "float"),
            ("as dense int8", sum.Int8Bytes, "int8"),
            ("in the binary", model.WeightBytes, "bytes"),
        ];
        var most = bars.Max(b => b.Bytes);
        return Svg.Picture(
            $"Weights of {model.Name}: " + string.Join(", ", bars.Select(b => $"{b.Label} {Amount.Bytes(b.Bytes)}")),
            "weights",
            LabelWidth + BarWidth + 100,
            bars.Length * RowHeight,
            bars.Select(
                (bar, i) =>
                    Svg.Group(
                        "",
                        Svg.Text(LabelWidth - 8, (i * RowHeight) + 19, bar.Label, "detail", "end"),
                        Svg.Rectangle(
                            LabelWidth,
                            (i * RowHeight) + 4,
                            Math.Max(1, (double)bar.Bytes / most * BarWidth),
                            RowHeight - 8,
                            "bar " + bar.Style,
                            Amount.Bytes(bar.Bytes),
                            radius: 1.5
                        ),
                        Svg.Text(
                            LabelWidth + 6 + ((double)bar.Bytes / most * BarWidth),
                            (i * RowHeight) + 19,
                            Amount.Bytes(bar.Bytes),
                            "axis"
                        )
                    )
            )
        );
    }

    private static string Sentence(ModelFacts model, LayerWeights sum)
    {
        var packed = model.Weights.Where(w => w.Form is not null).ToList();
        var saved = LayerWeights.Sum(packed);
        var ratio = (double)sum.Float32Bytes / model.WeightBytes;
        var text = $"{Amount.Of(sum.Elements)} numbers take {Amount.Number(ratio)} times less than as float32.";
        return packed.Count == 0
            ? text + " None are packed as blocks, as indices of code books or as streams."
            : text
                + $" Blocks without zeros, code books, 4-bit integers and streams are used in {packed.Count} of {model.Weights.Count(w => w.Elements > 0)} layers with weights: "
                + $"{Amount.Bytes(saved.BakedBytes)} there, where a byte a weight would take {Amount.Bytes(saved.Int8Bytes)}.";
    }

    private static XElement Table(ModelFacts model, LayerWeights sum)
    {
        Column[] columns =
        [
            new("layer", IsNumber: false),
            new("packed as", IsNumber: false),
            new("numbers"),
            new("in the binary"),
            new("as dense int8"),
            new("as float32"),
            new("saved of int8"),
            new("saved of float32"),
        ];
        var rows = model
            .Weights.Select((w, i) => (Weights: w, model.Program.Steps[i].Name))
            .Where(r => r.Weights.Elements > 0)
            .Select(r => Row(r.Name, r.Weights.Form ?? "number by number", r.Weights, r.Weights.BakedBytes));
        // Between layers lie some bytes, so that each begins at a multiple of 64.
        return PageTable.Of(
            "Bytes of weights: a byte a weight and four a bias as dense int8, four each as float32",
            "weights",
            columns,
            rows,
            Row("all", "with alignment", sum, model.WeightBytes),
            sortable: true
        );
    }

    private static TableCell[] Row(string name, string form, LayerWeights weights, long baked) =>
        [
            new(name),
            new(form),
            new(Amount.Of(weights.Elements), weights.Elements),
            new(Amount.Bytes(baked), baked),
            new(Amount.Bytes(weights.Int8Bytes), weights.Int8Bytes),
            new(Amount.Bytes(weights.Float32Bytes), weights.Float32Bytes),
            Saved(baked, weights.Int8Bytes),
            Saved(baked, weights.Float32Bytes),
        ];

    private static TableCell Saved(long baked, long dense)
    {
        var share = 1 - ((double)baked / dense);
        return new(string.Create(CultureInfo.InvariantCulture, $"{share * 100:F1} %"), share);
    }
}
