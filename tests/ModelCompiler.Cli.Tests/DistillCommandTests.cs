using System.Text.Json;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

public sealed class DistillCommandTests : IDisposable
{
    private readonly ModelFolder _models = new();

    [TorchFact]
    public async Task Distill_teaches_a_student_and_shows_before_and_after()
    {
        var student = _models.Add("student", TrainingModels.Dense());
        var teachers = new[] { Knowing("first", 9), Knowing("second", 6) };
        var data = TrainingData.WriteArrays(At("data.npz"));
        string[] arguments =
        [
            "distill",
            student,
            "--teacher",
            .. teachers,
            "--data",
            data,
            "-o",
            At("taught.onnx"),
            "--temperature",
            "3",
            "--alpha",
            "1",
            .. TrainingModels.Options(epochs: 20),
        ];

        var text = await Invocation.Of([.. arguments, "--no-time"]);
        var json = Json(await Invocation.Of([.. arguments, "--json", "--no-time"]));

        Assert.Equal(0, text.ExitCode);
        Assert.Contains("temperature 3, alpha 1", text.Output, StringComparison.Ordinal);
        var (before, after) = (json.GetProperty("before"), json.GetProperty("after"));
        Assert.True(after.GetProperty("loss").GetDouble() < before.GetProperty("loss").GetDouble());
        Assert.True(after.GetProperty("accuracy").GetDouble() >= 0.8);
        Assert.Equal(teachers, json.GetProperty("distillation").GetProperty("teachers").EnumerateArray().Select(t => t.GetString()!));
        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(At("taught.onnx")));
    }

    [TorchTheory]
    [InlineData("average")]
    [InlineData("vote")]
    public async Task Distill_learns_from_an_ensemble_in_one_file(string rule)
    {
        string[] members = [.. Enumerable.Range(0, 3).Select(i => Knowing($"member{i}", 5 + i))];
        await Invocation.Of(["ensemble", .. members, "-o", At("ensemble.onnx"), "--rule", rule, "--no-time"]);
        var data = TrainingData.WriteArrays(At("data.npz"));

        string[] arguments =
        [
            "distill",
            _models.Add("student", TrainingModels.Dense()),
            "--teacher",
            At("ensemble.onnx"),
            "--data",
            data,
            "-o",
        ];
        string[] options = ["--epochs", "20", "--batch", "8", "--learning-rate", "0.1", "--alpha", "1", "--no-time", "--json"];
        var after = Json(await Invocation.Of([.. arguments, At("taught.onnx"), .. options])).GetProperty("after");

        Assert.True(after.GetProperty("accuracy").GetDouble() >= 0.8);
    }

    [TorchFact]
    public async Task Distill_needs_no_targets_where_teachers_alone_count()
    {
        var data = TrainingData.WriteArrays(At("inputs.npz"), withTargets: false);
        string[] arguments =
        [
            "distill",
            _models.Add("student", TrainingModels.Dense()),
            "--teacher",
            Knowing("teacher", 9),
            "--data",
            data,
            "-o",
            At("o.onnx"),
        ];
        string[] options = ["--epochs", "20", "--batch", "8", "--learning-rate", "0.1", "--no-time", "--json", "--alpha"];
        var json = Json(await Invocation.Of([.. arguments, .. options, "1"]));

        Assert.True(json.GetProperty("after").GetProperty("loss").GetDouble() < json.GetProperty("before").GetProperty("loss").GetDouble());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("after").GetProperty("accuracy").ValueKind);
        var refused = await Invocation.Of([.. arguments, .. options, "0.5"]);
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("neither classes nor other targets", refused.Output, StringComparison.Ordinal);
    }

    [TorchFact]
    public async Task Distill_says_in_a_sentence_what_is_wrong()
    {
        var data = TrainingData.WriteArrays(At("data.npz"));
        var dense = _models.Add("dense", TrainingModels.Dense());
        var det = _models.Add("det", TrainingModels.Det());

        await Fails(3, "is Float32[1,4,4], but the student's", dense, det);
        await Fails(3, "--teacher", dense, null);
        await Fails(4, "(Det)", det, dense);
        await Fails(3, "temperature", dense, dense, "--temperature", "0");
        await Fails(3, "alpha", dense, dense, "--alpha", "2");
        await Fails(3, "student=teacher", dense, dense, "--hint", "nothing");
        await Fails(3, "no inner value 'nothing'", dense, dense, "--hint", "nothing=nothing");

        async Task Fails(int exitCode, string part, string student, string? teacher, params string[] more)
        {
            string[] teachers = teacher is null ? [] : ["--teacher", teacher];
            var result = await Invocation.Of(["distill", student, .. teachers, "--data", data, "-o", At("never.onnx"), .. more]);

            Assert.Contains(part, result.Errors, StringComparison.Ordinal);
            Assert.Equal(exitCode, result.ExitCode);
            Assert.False(File.Exists(At("never.onnx")));
        }
    }

    public void Dispose() => _models.Dispose();

    private string At(string name) => Path.Combine(_models.Root, name);

    /// <summary>Standard output; what training says meanwhile goes to standard error.</summary>
    private static JsonElement Json(Invocation result) => JsonDocument.Parse(result.Output).RootElement;

    /// <summary>A network that knows which of the first two numbers is greater.</summary>
    private string Knowing(string name, float sharpness)
    {
        var builder = TrainingModels.Dense();
        var weights = builder.Proto.Graph.Initializer.Single(i => i.Name == "w");
        weights.RawData = Google.Protobuf.ByteString.CopyFrom([
            .. new[] { sharpness, -sharpness, -sharpness, sharpness, 0, 0, 0, 0 }.SelectMany(BitConverter.GetBytes),
        ]);
        return _models.Add(name, builder);
    }
}
