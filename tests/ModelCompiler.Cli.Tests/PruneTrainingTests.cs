using System.Text.Json;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

/// <summary>What prune needs libtorch for.</summary>
public sealed class PruneTrainingTests : IDisposable
{
    private readonly ModelFolder _models = new();

    [TorchTheory]
    [InlineData("--method", "weights", "--pattern", "unstructured")]
    [InlineData("--method", "weights", "--pattern", "4x8", "--scope", "global")]
    [InlineData("--method", "channels", "--multiple", "2")]
    [InlineData("--method", "weights", "--max-drop", "0.1")]
    public async Task Gradients_weigh_weights_and_channels(params string[] options)
    {
        var result = await Prune([.. options, "--criterion", "taylor", "--batch", "16", "--training-threads", "1"]);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        var byGradients = File.ReadAllBytes(At("out.onnx"));
        using var oracle = new OnnxRuntimeOracle(byGradients);
        await Prune(options);
        Assert.NotEqual(byGradients, File.ReadAllBytes(At("out.onnx")));
    }

    [TorchTheory]
    [InlineData("weights", false)]
    [InlineData("weights", true)]
    [InlineData("channels", false)]
    public async Task Steps_prune_and_train_in_turns_and_go_on_where_they_stopped(string method, bool byGradients)
    {
        string[] options =
        [
            "--method",
            method,
            "--amount",
            "0.75",
            "--steps",
            "2",
            "--epochs",
            "2",
            "--batch",
            "16",
            "--learning-rate",
            "0.02",
            "--training-threads",
            "1",
            .. byGradients ? (string[])["--criterion", "taylor"] : [],
        ];
        var result = await Prune([.. options, "--log", At("log.csv"), "--plot", At("plot.png"), "--checkpoint", At("state")]);

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        var json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal([1, 2], json.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("step").GetInt32()));
        Assert.Equal(0.75, json.GetProperty("steps")[1].GetProperty("share").GetDouble());
        AssertPruned(method, json);
        var log = File.ReadAllLines(At("log.csv"));
        Assert.Equal(
            ["# step 1: 65.62 % pruned", "# step 2: 75.00 % pruned"],
            log.Where(l => l.StartsWith("# step", StringComparison.Ordinal))
        );
        Assert.Equal(["1", "2", "3", "4"], log.Where(l => char.IsDigit(l[0])).Select(l => l.Split(',')[0]));
        Assert.True(File.Exists(At("plot.png")));

        // All is done: going on gives the same, whatever was the last to be written.
        var whole = File.ReadAllBytes(At("out.onnx"));
        var again = await Prune([.. options, "--checkpoint", At("state"), "--resume"]);
        Assert.Equal(whole, File.ReadAllBytes(At("out.onnx")));
        AssertPruned(method, JsonDocument.Parse(again.Output).RootElement);
        var other = await Prune([.. options, "--checkpoint", At("state"), "--resume", "--skip", "first"]);
        Assert.Equal(3, other.ExitCode);
        Assert.Contains("another run", other.Output, StringComparison.Ordinal);
    }

    [TorchFact]
    public async Task What_cannot_be_trained_is_a_sentence()
    {
        var model = _models.Add("dense", Dense());
        foreach (var (option, value) in new[] { ("--criterion", "taylor"), ("--steps", "2") })
        {
            var without = await Invocation.Of("prune", model, "-o", At("never.onnx"), option, value);
            Assert.Equal(3, without.ExitCode);
            Assert.Contains($"{option}", without.Errors, StringComparison.Ordinal);
            Assert.Contains("needs --data with classes", without.Errors, StringComparison.Ordinal);
            var inputs = Path.Combine(_models.Root, $"{value}.npz");
            TrainingData.WriteArrays(inputs, withTargets: false);
            var untold = await Invocation.Of("prune", model, "-o", At("never.onnx"), option, value, "--data", inputs);
            Assert.Equal(3, untold.ExitCode);
            Assert.Contains("neither classes nor other targets", untold.Errors, StringComparison.Ordinal);
        }

        var lost = await Prune(["--steps", "2", "--optimizer", "sgd", "--learning-rate", "1e30", "--batch", "8", "--warm-up", "0"]);
        Assert.Equal(3, lost.ExitCode);
        Assert.Contains("no number any more in epoch 1, batch", lost.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(At("out.onnx")));
    }

    public void Dispose() => _models.Dispose();

    private void AssertPruned(string method, JsonElement json)
    {
        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(At("out.onnx")));
        var weights = WeightTensor.AllOf(OnnxModel.Read(OnnxFile.Read(At("out.onnx")).Source));
        var changes = json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("change").GetString()).ToList();
        if (method == "channels")
        {
            Assert.Equal([2, 4, 2], weights.Select(w => w.Outputs));
            Assert.Equal(["8 channels, 2 left", "16 channels, 4 left"], changes);
        }
        else
        {
            Assert.All(weights, w => Assert.Equal(0.75, w.Weights.ToFloats().Count(v => v == 0) / (double)w.Weights.Shape.Elements, 1e-9));
            Assert.Contains("96 of 128 weights are zero (75.00 %)", changes);
        }
    }

    private Task<Invocation> Prune(string[] options)
    {
        var data = At("data.npz");
        if (!File.Exists(data))
        {
            TrainingData.WriteArrays(data, 96);
        }

        return Invocation.Of([
            "prune",
            _models.Add("dense", Dense()),
            "-o",
            At("out.onnx"),
            "--data",
            data,
            "--no-time",
            "--json",
            .. options,
        ]);
    }

    private string At(string name) => Path.Combine(_models.Root, name);

    private static OnnxModelBuilder Dense()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("input", ElementType.Float32, 1, 4);
        var spread = model.Node("MatMul", [x, model.Constant(RandomTensors.Floats(1, 4, 8), "w0")]);
        var hidden = model.Node("Relu", [model.Node("MatMul", [spread, model.Constant(RandomTensors.Floats(2, 8, 16), "w1")])]);
        return model.Output(model.Node("MatMul", [hidden, model.Constant(RandomTensors.Floats(3, 16, 2), "w2")]), ElementType.Float32);
    }
}
