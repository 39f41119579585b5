using System.Globalization;
using System.Xml.Linq;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>The part of the page on one model: its figures, and then each of its pictures and tables.</summary>
internal static class ModelSection
{
    public static XElement Of(ModelFacts model, string id) =>
        ReportPage.Section(
            id,
            model.Name,
            Figures(model),
            Ports(model),
            Part("Graph", open: model.Program.Steps.Count <= 60, GraphPicture.Draw(model)),
            Part("Layers", open: true, LayerChart.Draw(model), LayerTable.Of(model)),
            Part("Arena over time", open: true, ArenaText(model), ArenaPicture.Draw(model)),
            Part("Weights", open: true, WeightsSection.Of(model)),
            Notes(model)
        );

    private static XElement Part(string heading, bool open, params object?[] content) =>
        new("details", open ? new XAttribute("open", "open") : null, new XElement("summary", new XElement("h3", heading)), content);

    private static XElement Figures(ModelFacts model)
    {
        var inspected = model.Inspected;
        return new XElement(
            "dl",
            new XAttribute("class", "figures"),
            model.Accuracy is { } accuracy ? Figure("accuracy", "accuracy", CompressionReport.Percent(accuracy), accuracy) : null,
            Figure("macs", "MAC", Amount.Of(model.Macs), model.Macs),
            Figure("weightBytes", "weights, as baked", Amount.Bytes(model.WeightBytes), model.WeightBytes),
            Figure("arenaBytes", "arena", Amount.Bytes(model.ArenaBytes), model.ArenaBytes),
            Figure("fileBytes", "ONNX file", Amount.Bytes(model.FileBytes), model.FileBytes),
            model.Published is { } published ? Sizes(published) : null,
            model.Time is { } time ? Times(time) : null,
            Figure("target", "target", inspected.Target, null)
        );
    }

    private static IEnumerable<XElement> Sizes(PublishedSize size)
    {
        var (file, loaded) = (size.Growth.FileBytes, size.Growth.LoadedBytes);
        yield return Figure("publishedGrowthBytes", "growth of the binary", Amount.Bytes(file), file);
        yield return Figure("publishedLoadedGrowthBytes", "growth of its sections", Amount.Bytes(loaded), loaded);
        yield return Figure("publishedBytes", "NativeAOT binary", Amount.Bytes(size.Bytes), size.Bytes);
    }

    private static IEnumerable<XElement> Times(ModelTime time)
    {
        yield return Figure("oursMs", "time of a call", Amount.Milliseconds(time.OursMs), time.OursMs);
        if (time.OnnxruntimeMs is { } theirs)
        {
            yield return Figure("onnxruntimeMs", "ONNX Runtime", Amount.Milliseconds(theirs), theirs);
            yield return Figure("ratio", "ONNX Runtime's time over ours", Amount.Number(theirs / time.OursMs), theirs / time.OursMs);
        }
    }

    private static XElement Figure(string key, string name, string text, double? value) =>
        new(
            "div",
            new XElement("dt", name),
            new XElement(
                "dd",
                new XAttribute("data-figure", key),
                value is { } number ? new XAttribute("data-value", number.ToString("R", CultureInfo.InvariantCulture)) : null,
                text
            )
        );

    private static XElement Ports(ModelFacts model) =>
        PageTable.Of(
            "What the model takes and gives",
            "ports",
            [new("name", IsNumber: false), new("", IsNumber: false), new("elements", IsNumber: false), new("shape", IsNumber: false)],
            model.Program.Inputs.Select(p => Port("input", p)).Concat(model.Program.Outputs.Select(p => Port("output", p)))
        );

    private static TableCell[] Port(string kind, ModelPort port) =>
        [new(port.Name), new(kind), new(port.Type.Element.ToString()), new(port.Sizes)];

    private static XElement? ArenaText(ModelFacts model) =>
        model.ArenaBytes == 0
            ? null
            : new(
                "p",
                $"Buffers share {Amount.Bytes(model.ArenaBytes)}; the dashed line is the most that is alive at one step, {Amount.Bytes(model.Inspected.LeastArenaBytes!.Value)}, below which no plan can go. Grey ones are working memory of a single layer."
            );

    /// <summary>How the times came about, and what the compiler has to say.</summary>
    private static IEnumerable<XElement> Notes(ModelFacts model)
    {
        if (model.Time is { } time)
        {
            yield return new XElement(
                "p",
                new XAttribute("class", "note"),
                $"Times are medians of {time.Rounds} rounds on one machine, in which all models of this page, and ONNX Runtime with one thread, took turns. Layers were measured one by one in a run of their own, so their sum is not quite the time of a call."
            );
        }

        foreach (var diagnostic in model.Inspected.Diagnostics)
        {
            yield return new XElement(
                "p",
                new XAttribute("class", "note"),
                $"{diagnostic.Severity} {diagnostic.Code}: {diagnostic.Message}"
            );
        }
    }
}
