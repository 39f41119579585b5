using System.Text.Json;
using ModelCompiler.Cli.Search;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

public sealed class CompressCommandTests(FinishedSearch search) : IClassFixture<FinishedSearch>
{
    [TorchFact]
    public void A_search_that_was_stopped_keeps_what_it_has_and_goes_on()
    {
        Assert.Equal(130, search.Stopped.ExitCode);
        Assert.False(search.WroteWhenStopped);
        Assert.True(search.Finished.ExitCode == 0, search.Finished.Output + search.Finished.Errors);
        // What is half made is waiting to be gone on with, and does not count.
        var steps = Directory.GetDirectories(Path.Combine(search.Work, "steps"));
        Assert.All(steps, s => Assert.Equal(!s.EndsWith(".partial", StringComparison.Ordinal), File.Exists(Path.Combine(s, "step.json"))));
    }

    [TorchFact]
    public void The_report_has_the_chosen_model_the_front_and_what_makes_them()
    {
        var json = Json(search.Finished);

        Assert.Equal("found", json.GetProperty("status").GetString());
        var (baseline, chosen) = (json.GetProperty("baseline"), json.GetProperty("chosen"));
        Assert.Equal(1, baseline.GetProperty("objective").GetDouble());
        Assert.InRange(chosen.GetProperty("objective").GetDouble(), 0.01, 0.6);
        Assert.InRange(chosen.GetProperty("testAccuracy").GetDouble(), 0, 1);
        Assert.True(chosen.GetProperty("macs").GetInt64() < baseline.GetProperty("macs").GetInt64());
        Assert.Contains(
            chosen.GetProperty("commands").EnumerateArray(),
            c => c.GetString()!.StartsWith("modelc finetune ", StringComparison.Ordinal)
        );
        var front = json.GetProperty("front").EnumerateArray().Select(p => p.GetProperty("objective").GetDouble()).ToList();
        Assert.Contains(chosen.GetProperty("objective").GetDouble(), front);
        Assert.Equal(front.Order(), front);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(search.At("front.png"))[..4]);
    }

    [TorchFact]
    public async Task The_chosen_model_is_accepted_by_onnxruntime_and_compiles_to_the_same_numbers()
    {
        using var oracle = new OnnxRuntimeOracle(File.ReadAllBytes(search.Output));
        Assert.Equal(["image"], oracle.InputNames);
        Assert.Equal(0, (await Invocation.Of("verify", search.Output, "--json")).ExitCode);
        Assert.Equal(
            Json(search.Finished).GetProperty("chosen").GetProperty("weightBytes").GetInt64(),
            (await Invocation.Of("inspect", search.Output, "--json")).Json().GetProperty("weightBytes").GetInt64()
        );
    }

    [TorchFact]
    public async Task A_finished_search_gives_the_same_again_without_trying_anything()
    {
        var steps = Directory.GetDirectories(Path.Combine(search.Work, "steps"));
        var again = await Invocation.Of(search.Arguments(search.At("again.onnx"), "--max-drop", "100"));

        Assert.Equal(0, again.ExitCode);
        Assert.Contains("It is made by:", again.Output, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(search.Output), File.ReadAllBytes(search.At("again.onnx")));
        Assert.Equal(steps.Order(), Directory.GetDirectories(Path.Combine(search.Work, "steps")).Order());
    }

    [TorchFact]
    public async Task Commands_of_the_report_make_the_chosen_model_again()
    {
        var commands = Json(search.Finished)
            .GetProperty("chosen")
            .GetProperty("commands")
            .EnumerateArray()
            .Select(c => c.GetString()!.Split(' '));
        var (parent, number) = (search.Model, 0);
        foreach (var command in commands)
        {
            string[] arguments = [.. command.Skip(1)];
            (arguments[1], arguments[3]) = (parent, search.At($"step{number++}.onnx"));
            Assert.Equal(0, (await Invocation.Of(arguments)).ExitCode);
            parent = arguments[3];
        }

        Assert.Equal(File.ReadAllBytes(search.Output), File.ReadAllBytes(parent));
    }

    [TorchFact]
    public async Task Budgets_that_cannot_be_kept_have_an_exit_code_of_their_own_and_the_best_so_far_is_written()
    {
        var output = search.At("over.onnx");
        var result = await Invocation.Of(search.Arguments(output, "--max-drop", "100", "--max-weight-bytes", "10", "--json"));

        Assert.Equal(5, result.ExitCode);
        var json = Json(result);
        Assert.Equal("limitsNotKept", json.GetProperty("status").GetString());
        Assert.Contains(
            "--max-weight-bytes allows 10 bytes of weights",
            json.GetProperty("shortfall").GetString(),
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(output));
    }

    [TorchFact]
    public async Task What_cannot_be_searched_is_a_sentence_and_leaves_no_file()
    {
        await Fails(3, "--seed was 1 and is 2", search.Arguments(search.At("never.onnx"), "--seed", "2"));
        await Fails(3, "model was ", [.. search.Arguments(search.At("never.onnx")).Select(a => a == search.Model ? search.Output : a)]);
        await Fails(3, "--time: '3 days'", [.. search.Arguments(search.At("never.onnx")).Select(a => a == "20m" ? "3 days" : a)]);
        await Fails(3, "--max-drop", search.Arguments(search.At("never.onnx"), "--max-drop", "-1"));
        await Fails(3, "is not there", [.. search.Arguments(search.At("never.onnx")).Select(a => a == search.At("data") ? "nowhere" : a)]);

        async Task Fails(int exitCode, string part, string[] arguments)
        {
            var result = await Invocation.Of(arguments);
            Assert.Contains(part, result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("defect", result.Errors, StringComparison.Ordinal);
            Assert.Equal(exitCode, result.ExitCode);
            Assert.False(File.Exists(search.At("never.onnx")));
        }
    }

    [TorchFact]
    public async Task A_process_that_fails_says_why_and_with_which_exit_code()
    {
        string[] arguments = ["finetune", search.Model, "--data", search.At("data"), "-o", search.At("never.onnx")];
        var failure = await ModelcProcess.RunApart([.. arguments, "--learning-rate", "1e30"], search.At("log.txt"), CancellationToken.None);

        Assert.Equal(3, failure?.ExitCode);
        Assert.Contains("modelc finetune ended with exit code 3: The loss was no number", failure?.Sentence, StringComparison.Ordinal);
        Assert.Contains("training", File.ReadAllText(search.At("log.txt")), StringComparison.Ordinal);
    }

    /// <summary>Standard output; what the search says meanwhile goes to standard error.</summary>
    private static JsonElement Json(Invocation result) => JsonDocument.Parse(result.Output).RootElement;
}
