using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Training;
using ModelCompiler.Verification;
using Spectre.Console;

namespace ModelCompiler.Cli.Reports;

/// <summary>What a model costs, and how good it is.</summary>
/// <param name="FileBytes">Size of the ONNX file.</param>
/// <param name="Macs">Multiply-accumulate operations; null where the compiler does not take the model.</param>
/// <param name="WeightBytes">Bytes of weights as they are baked into the binary.</param>
/// <param name="ArenaBytes">Bytes of the arena.</param>
/// <param name="Milliseconds">Median time of one Predict of the compiled code; null where it was not measured.</param>
/// <param name="Accuracy">Part of the labelled items that it gets right; null where there are none.</param>
/// <param name="Loss">Mean loss on the items that it is measured on; null where none is computed.</param>
internal sealed record ModelCost(
    long FileBytes,
    long? Macs,
    long? WeightBytes,
    long? ArenaBytes,
    double? Milliseconds,
    double? Accuracy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Loss = null
)
{
    private static readonly (string Title, Func<ModelCost, string?> Of)[] Facts =
    [
        ("loss", c => c.Loss is { } loss ? Amount.Number(loss) : null),
        ("accuracy", c => c.Accuracy is { } accuracy ? CompressionReport.Percent(accuracy) : null),
        ("MAC", c => c.Macs is { } macs ? Amount.Of(macs) : "not compiled"),
        ("weights", c => c.WeightBytes is { } bytes ? Amount.Bytes(bytes) : "not compiled"),
        ("arena", c => c.ArenaBytes is { } bytes ? Amount.Bytes(bytes) : "not compiled"),
        ("time", c => c.Milliseconds is { } time ? Amount.Milliseconds(time) : null),
        ("file", c => Amount.Bytes(c.FileBytes)),
    ];

    /// <summary>Compiles models up to their plans, and measures the times of all of them in turns.</summary>
    /// <param name="models">The models.</param>
    /// <param name="options">How they are compiled.</param>
    /// <param name="timing">How long to measure times.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    public static IReadOnlyList<ModelCost> Of(
        IReadOnlyList<ModelSource> models,
        CompileOptions options,
        Timing timing,
        CancellationToken cancellation
    )
    {
        var times = timing.Milliseconds(models, options, cancellation);
        return [.. models.Zip(times, (model, time) => Of(model, options) with { Milliseconds = time })];
    }

    /// <summary>The costs of a model before and after a command has changed it.</summary>
    public static (ModelCost Before, ModelCost After) Pair(
        ModelSource before,
        ModelSource after,
        CompileOptions options,
        Timing timing,
        CancellationToken cancellation
    )
    {
        var costs = Of([before, after], options, timing, cancellation);
        return (costs[0], costs[1]);
    }

    /// <summary>The same costs with what was measured on items.</summary>
    public ModelCost With(Measurement measured) => this with { Accuracy = measured.Accuracy, Loss = measured.Loss };

    /// <summary>A table of a column a model; facts that are known of none are left out.</summary>
    public static Table Columns(params IReadOnlyList<(string Title, ModelCost Cost)> models)
    {
        var table = new Table().AddColumn("").AddColumns([.. models.Select(m => m.Title)]);
        foreach (var fact in Facts.Where(f => models.Any(m => f.Of(m.Cost) is not null)))
        {
            table.AddRow([new Text(fact.Title), .. models.Select(m => new Text(fact.Of(m.Cost) ?? ""))]);
        }

        return table;
    }

    /// <summary>A table of a row a model; facts that are known of none are left out.</summary>
    public static Table Rows(params IReadOnlyList<(string Title, ModelCost Cost)> models)
    {
        var facts = Facts.Where(f => models.Any(m => f.Of(m.Cost) is not null)).ToList();
        var table = new Table().AddColumn("").AddColumns([.. facts.Select(f => f.Title)]);
        foreach (var (title, cost) in models)
        {
            table.AddRow([new Text(title), .. facts.Select(f => new Text(f.Of(cost) ?? ""))]);
        }

        return table;
    }

    private static ModelCost Of(ModelSource source, CompileOptions options)
    {
        var description = ModelCompilation.Plan(source, options).Description;
        return new(source.Bytes.Length, description?.Macs, description?.WeightBytes, description?.ArenaBytes, null, null);
    }
}
