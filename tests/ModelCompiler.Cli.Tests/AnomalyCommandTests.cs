using System.Globalization;
using System.Text.Json;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

/// <summary>Networks that give back their input, from training to the rate of alarms.</summary>
public sealed class AnomalyCommandTests : IDisposable
{
    private const int Learnt = 10;

    private readonly ModelFolder _models = new();

    [Fact]
    public async Task Accuracy_measures_how_well_anomalies_are_found()
    {
        // Errors are (a − b)² / 4: 1/64 of nine rows that are learnt from and 4/64 of one; the quantile lies half way between the largest two.
        var data = Table([0, 0, 0, 1, 1, 1], [0.25, 0.25, 0.5, 0.25, 1, 2]);
        var result = await Accuracy(data, "--label", "bad", "--quantile", Quantile(8.5), "--json");
        var (json, anomalies) = (result.Json(), result.Json().GetProperty("anomalies"));
        var ours = anomalies.GetProperty("ours");

        Assert.Equal((0, "test", 6), (result.ExitCode, json.GetProperty("part").GetString(), json.GetProperty("images").GetInt32()));
        Assert.Equal((10, 3, 0), (Int(anomalies, "normalItems"), Int(anomalies, "anomalousItems"), Int(anomalies, "differentAlarms")));
        Assert.Equal(2.5 / 64, Number(ours, "threshold"), 9);
        // Alarms: the third normal row, and two of three anomalous ones.
        Assert.Equal((3, 2, 1), (Int(ours, "alarms"), Int(ours, "truePositives"), Int(ours, "falsePositives")));
        Assert.Equal((1, 2), (Int(ours, "falseNegatives"), Int(ours, "trueNegatives")));
        Assert.All(["precision", "recall", "f1"], n => Assert.Equal(2 / 3.0, Number(ours, n), 9));
        Assert.All(["falseAlarmRate", "missedAlarmRate"], n => Assert.Equal(1 / 3.0, Number(ours, n), 9));
        // ¼ against ¼, ¼ and ½: ½ + ½ + 0; the other two are above all: 7 of 9.
        Assert.Equal(7 / 9.0, Number(ours, "areaUnderRoc"), 9);
        Assert.Equal((1 + 1 + 4 + 1 + 16 + 64) / 64.0 / 6, Number(ours, "meanError"), 9);
        Assert.Equal(Int(ours, "alarms"), Int(anomalies.GetProperty("onnxruntime"), "alarms"));
        Assert.Empty(anomalies.GetProperty("remarks").EnumerateArray());
        Assert.False(json.TryGetProperty("squaredErrorOurs", out _));
    }

    [Fact]
    public async Task What_cannot_be_said_of_normal_items_is_a_sentence()
    {
        var data = Table([0, 0], [0.25, 1]);
        var known = await Accuracy(data, "--label", "bad");
        Assert.Equal(0, known.ExitCode);
        Assert.Contains("None of the 2 items is anomalous, so that there is no recall", known.Output, StringComparison.Ordinal);
        Assert.Contains("0.5000", known.Output, StringComparison.Ordinal);

        var unknown = (await Accuracy(data, "--columns", "1-2", "--json")).Json().GetProperty("anomalies");
        Assert.Equal(1, Int(unknown.GetProperty("ours"), "alarms"));
        Assert.All(
            [unknown.GetProperty("anomalousItems"), unknown.GetProperty("ours").GetProperty("falseAlarmRate")],
            e => Assert.Equal(JsonValueKind.Null, e.ValueKind)
        );
        // What is held back by a training is measured against the rest of what is learnt from, whatever the data say of it.
        var held = (await Accuracy(data, "--label", "bad", "--part", "validation", "--validation", "0.2", "--json")).Json();
        Assert.Equal((2, 8), (held.GetProperty("images").GetInt32(), Int(held.GetProperty("anomalies"), "normalItems")));
    }

    [Theory]
    [InlineData("--quantile is for --anomalies", "--quantile", "0.9")]
    [InlineData("--normal is for --anomalies", "--normal", "1")]
    [InlineData("--quantile: a number above 0, at most 1, was expected", "--anomalies", "--quantile", "0")]
    [InlineData("is neither a class nor 0 (normal) or 1 (anomalous)", "--anomalies", "--label", "b", "--columns", "1-2")]
    [InlineData("'fine' is none", "--anomalies", "--label", "bad", "--normal", "fine")]
    public async Task What_is_wrong_is_said_in_a_sentence(string expected, params string[] arguments)
    {
        var result = await Invocation.Of([
            "accuracy",
            _models.Add("mean", Mean()),
            "--data",
            Table([0, 1], [0.25, 1]),
            "--train-rows",
            $"{Learnt}",
            .. arguments,
        ]);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains(expected, string.Join(' ', result.Errors.Split()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_classifier_finds_no_anomalies()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2);
        model.Output(model.Node("MatMul", [x, model.Constant([2, 3], new float[6])]), ElementType.Float32);
        var data = Table([0, 1], [0.25, 1]);
        var result = await Invocation.Of("accuracy", _models.Add("model", model), "--data", data, "--label", "bad", "--anomalies");

        Assert.Equal(3, result.ExitCode);
        Assert.Contains(
            "must take one input of floats and give as many",
            string.Join(' ', result.Errors.Split()),
            StringComparison.Ordinal
        );
    }

    [TorchFact]
    public async Task An_autoencoder_that_standardises_learns_columns_of_small_numbers_as_well_as_those_of_large_ones()
    {
        var (data, output) = (Path.Combine(_models.Root, "units.csv"), Path.Combine(_models.Root, "units.onnx"));
        var random = new Random(1);
        // All three columns follow one number, which the bottleneck can hold; the large one alone would be all that a loss in these units sees.
        File.WriteAllLines(
            data,
            [
                "volt;gram;part",
                .. Enumerable
                    .Range(0, 96)
                    .Select(_ => random.NextDouble())
                    .Select(v => string.Create(CultureInfo.InvariantCulture, $"{230 + (40 * v)};{v};{0.001 * (1 - v)}")),
            ]
        );
        string[] rows = ["--data", data, "--train-rows", "64", "--threads", "1", "--json"];
        string[] size = ["--architecture", "autoencoder", "--bottleneck", "1", "--hidden", "16", "--layers", "1"];
        string[] how = ["--standardize", "--epochs", "60", "--batch", "8", "--learning-rate", "0.02", "-o", output];
        var trained = await Invocation.Of(["train", .. size, .. how, .. rows]);
        Assert.True(trained.ExitCode == 0, trained.Errors + trained.Output);
        // In squared deviations: a network that gives the mean of each column has 1.
        var loss = JsonDocument.Parse(trained.Output).RootElement.GetProperty("testLoss").GetDouble();
        Assert.InRange(loss, 0, 0.05);

        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(output));
        var input = new NamedTensor(oracle.InputNames[0], new(ElementType.Float32, new TensorShape(1, 3)), new[] { 250, 0.5f, 0.0005f });
        var given = (float[])oracle.Run(input)[0].Elements;
        Assert.InRange(given[0], 245, 255);
        Assert.InRange(given[1], 0.375, 0.625);
        Assert.InRange(given[2], 0.000375, 0.000625);
        var measured = (await Invocation.Of(["accuracy", output, .. rows.Where(r => r is not ("--threads" or "1")), "--anomalies"])).Json();
        Assert.Equal(loss, Number(measured.GetProperty("anomalies").GetProperty("onnxruntime"), "meanError"), 4);
    }

    public void Dispose() => _models.Dispose();

    private Task<Invocation> Accuracy(string data, params string[] more) =>
        Invocation.Of([
            "accuracy",
            _models.Add($"{Guid.NewGuid():N}", Mean()),
            "--data",
            data,
            "--train-rows",
            $"{Learnt}",
            "--anomalies",
            .. more,
        ]);

    /// <summary>Rows of two numbers of which the second is larger by as much as is said, behind ten for which that is ¼, and once ½.</summary>
    private string Table(int[] bad, double[] differences)
    {
        var path = Path.Combine(_models.Root, $"{Guid.NewGuid():N}.csv");
        var learnt = Enumerable.Range(0, Learnt).Select(i => (Bad: 0, Difference: i == 4 ? 0.5 : 0.25));
        File.WriteAllLines(
            path,
            [
                "a,b,bad",
                .. learnt
                    .Concat(bad.Zip(differences, (b, d) => (Bad: b, Difference: d)))
                    .Select((r, i) => string.Create(CultureInfo.InvariantCulture, $"{i % 4},{(i % 4) + r.Difference},{r.Bad}.0")),
            ]
        );
        return path;
    }

    /// <summary>The quantile that lies at a place among the errors that are learnt from, from 0.</summary>
    private static string Quantile(double place) => (place / (Learnt - 1)).ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Gives the mean of its two inputs in place of both.</summary>
    private static OnnxModelBuilder Mean()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 2);
        return model.Output(model.Node("MatMul", [x, model.Constant([2, 2], 0.5f, 0.5f, 0.5f, 0.5f)]), ElementType.Float32);
    }

    private static int Int(JsonElement element, string name) => element.GetProperty(name).GetInt32();

    private static double Number(JsonElement element, string name) => element.GetProperty(name).GetDouble();
}
