using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

/// <summary>All commands read data of all forms, and divide them alike.</summary>
public sealed class DataCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    [Fact]
    public async Task Accuracy_is_measured_on_the_part_that_is_asked_for()
    {
        var model = _models.Add("first-or-second", FirstOrSecond());
        // All right but one, which is a test item.
        string[] data = ["--data", Table("all.csv", 48, wrong: -1), "--test", Table("test.csv", 8, wrong: 3), "--label", "class"];

        foreach (var (part, items, right) in new[] { ("test", 8, 7), ("validation", 4, 4), ("training", 44, 44), ("all", 48, 48) })
        {
            var json = (await Invocation.Of(["accuracy", model, .. data, "--part", part, "--json"])).Json();

            Assert.Equal((items, right), (json.GetProperty("images").GetInt32(), json.GetProperty("rightOurs").GetInt32()));
            Assert.Equal(part, json.GetProperty("part").GetString());
        }

        var usual = (await Invocation.Of(["accuracy", model, .. data, "--json"])).Json();
        Assert.Equal("test", usual.GetProperty("part").GetString());
        Assert.Equal(0, usual.GetProperty("differentPredictions").GetInt32());
    }

    [Fact]
    public async Task Accuracy_takes_arrays_with_classes()
    {
        var data = TrainingData.WriteArrays(Path.Combine(_models.Root, "data.npz"));
        var result = await Invocation.Of("accuracy", _models.Add("model", FirstOrSecond(4)), "--data", data);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("64 items (all)", result.Output, StringComparison.Ordinal);
        Assert.Contains("100.00 % (64)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_error_of_a_regression_is_its_mean_square()
    {
        var model = _models.Add("first-or-second", FirstOrSecond());
        var table = Path.Combine(_models.Root, "regression.csv");
        File.WriteAllText(table, "a,b,y,z\n0.5,0.25,1.5,0.25\n0.25,0.75,0.25,2.75\n");
        var json = (await Invocation.Of("accuracy", model, "--data", table, "--columns", "1-2", "--label", "y", "z", "--json")).Json();

        // Differences of 1 and 0, 0 and 2.
        Assert.Equal(1.25, json.GetProperty("squaredErrorOurs").GetDouble(), 6);
        Assert.Equal(1.25, json.GetProperty("squaredErrorOnnxruntime").GetDouble(), 6);
        Assert.InRange(json.GetProperty("outputDifference").GetDouble(), 0, 1e-6);
        Assert.False(json.TryGetProperty("rightOurs", out _));
    }

    [Fact]
    public async Task Quantize_and_prune_measure_on_test_items_of_any_form()
    {
        var model = _models.Add("first-or-second", FirstOrSecond());
        string[] more = ["--test", Table("test.csv", 8, wrong: 3), "--label", "class", "--json"];
        var (data, output) = (Table("all.csv", 48, wrong: -1), Path.Combine(_models.Root, "out.onnx"));

        var quantised = (await Invocation.Of(["quantize", model, "-o", output, "--calibration", data, .. more])).Json();
        var accuracy = quantised.GetProperty("accuracy");
        Assert.Equal((8, 7), (accuracy.GetProperty("images").GetInt32(), accuracy.GetProperty("rightBefore").GetInt32()));
        using (var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(output)))
        {
            Assert.Equal(["x"], oracle.InputNames);
        }

        var pruned = (await Invocation.Of(["prune", model, "-o", output, "--data", data, "--amount", "0", .. more])).Json();
        Assert.Equal(7.0 / 8, pruned.GetProperty("before").GetProperty("accuracy").GetDouble());
        // Without test items it is those held back, 4 of 48.
        var held = (await Invocation.Of(["quantize", model, "-o", output, "--calibration", data, .. more[2..]])).Json();
        Assert.Equal(4, held.GetProperty("accuracy").GetProperty("images").GetInt32());
    }

    [Theory]
    [InlineData("has no column 'kind'", "--label", "kind")]
    [InlineData("--image-size", "--image-size", "3x")]
    [InlineData("--channels", "--channels", "2")]
    [InlineData("--window", "--window", "0")]
    [InlineData("'0' is neither a number of rows from 1 nor percent", "--train-rows", "0")]
    [InlineData("--label-pattern", "--label-pattern", "(")]
    [InlineData("items have no groups", "--test-group", "ann")]
    [InlineData("no items to test with", "--part", "test")]
    [InlineData("has the shape [3], but input 'x' is Float32[1,2]")]
    public async Task What_is_wrong_with_data_is_said_in_a_sentence(string expected, params string[] arguments)
    {
        var model = _models.Add("first-or-second", FirstOrSecond());
        var result = await Invocation.Of(["accuracy", model, "--data", Table("all.csv", 6, wrong: -1), .. arguments]);

        Assert.Equal(3, result.ExitCode);
        Assert.Contains(expected, string.Join(' ', result.Errors.Split()), StringComparison.Ordinal);
    }

    [TorchFact]
    public async Task Trained_networks_standardise_by_themselves_where_asked()
    {
        var output = Path.Combine(_models.Root, "trained.onnx");
        var data = TrainingData.WriteImages(Path.Combine(_models.Root, "data"));
        string[] arguments = ["train", "--data", data, "--standardize", "--pixels", "byte", "--epochs", "1", "--threads", "1"];
        var trained = await Invocation.Of([.. arguments, "-o", output]);

        Assert.True(trained.ExitCode == 0, trained.Errors);
        var file = OnnxFile.Read(output).Proto!.Graph;
        Assert.Equal(["Sub", "Div"], file.Node.Take(2).Select(n => n.OpType));
        // Pixels of 0 to 255, dark ones in most places: the constants are those of the data after the training too.
        var mean = Assert.Single(file.Initializer, i => i.Name == "standardize/mean");
        Assert.InRange(BitConverter.ToSingle(mean.RawData.Span), 30, 80);
        var measured = await Invocation.Of("accuracy", output, "--data", data, "--pixels", "byte", "--part", "validation");
        Assert.Equal(0, measured.ExitCode);
        Assert.Contains("8 items (validation)", measured.Output, StringComparison.Ordinal);
    }

    public void Dispose() => _models.Dispose();

    /// <summary>Two numbers, whose class says whether the first or the second is greater.</summary>
    private string Table(string name, int rows, int wrong)
    {
        var random = new Random(rows);
        var path = Path.Combine(_models.Root, name);
        File.WriteAllLines(
            path,
            [
                "a,b,class",
                .. Enumerable
                    .Range(0, rows)
                    .Select(i =>
                    {
                        var (a, b) = i % 2 == 0 ? (0.8f, random.NextSingle() / 2) : (random.NextSingle() / 2, 0.8f);
                        return string.Create(CultureInfo.InvariantCulture, $"{a},{b},{(i == wrong ? 1 - (i % 2) : i % 2)}");
                    }),
            ]
        );
        return path;
    }

    /// <summary>The scores are the first two of its inputs.</summary>
    private static OnnxModelBuilder FirstOrSecond(int inputs = 2)
    {
        var model = new OnnxModelBuilder();
        float[] weights = [.. Enumerable.Range(0, inputs * 2).Select(i => i is 0 or 3 ? 1f : 0)];
        var x = model.Input("x", ElementType.Float32, 1, inputs);
        return model.Output(model.Node("MatMul", [x, model.Constant([inputs, 2], weights)]), ElementType.Float32);
    }
}
