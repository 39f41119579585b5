using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests;

/// <summary>
/// A search on a tiny network that was stopped in between and then went on to its end, in a folder that tests may go on with: looking at what
/// designs cost takes some seconds, which none of the others takes again.
/// </summary>
public sealed class FinishedSearch : IAsyncLifetime
{
    private readonly ModelFolder _folder = new();

    public string Model => At("model/model.onnx");

    public string Output => At("chosen.onnx");

    public string Work => At("work");

    internal Invocation Stopped { get; private set; } = null!;

    internal Invocation Finished { get; private set; } = null!;

    public bool WroteWhenStopped { get; private set; }

    public string At(string name) => Path.Combine(_folder.Root, name);

    /// <summary>The command line; limits are not among what must be the same for a search to go on.</summary>
    public string[] Arguments(string output, params string[] more) =>
        [
            "compress",
            Model,
            "--data",
            At("data"),
            "-o",
            output,
            "--work",
            Work,
            "--batch",
            "16",
            "--samples",
            "8",
            "--time",
            "20m",
            .. more,
        ];

    public async Task InitializeAsync()
    {
        if (Torch.Missing is not null)
        {
            return;
        }

        _folder.Add("model", Network());
        TrainingData.WriteImages(At("data"));
        // Whatever is accurate enough: the search ends when the smallest design was trained.
        string[] arguments = Arguments(Output, "--max-drop", "100", "--json", "--plot", At("front.png"));
        using var stop = new CancellationTokenSource();
        var stopped = Invocation.Of(stop.Token, arguments);
        await TrainingBegins(stopped);
        await stop.CancelAsync();
        Stopped = await stopped;
        WroteWhenStopped = File.Exists(Output);
        Finished = await Invocation.Of(arguments);
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Waits until a step takes longer than those that train nothing, or until nothing is left to wait for.</summary>
    private async Task TrainingBegins(Task search)
    {
        var seen = new HashSet<string>();
        while (!search.IsCompleted && !Partial().Any(p => !seen.Add(p)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private string[] Partial() => Directory.Exists(Work) ? Directory.GetDirectories(Path.Combine(Work, "steps"), "*.partial") : [];

    private static OnnxModelBuilder Network()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("image", ElementType.Float32, 1, 1, 8, 8);
        var first = model.Node("Relu", [Convolution(x, 1, 16, 1)]);
        var second = model.Node("Relu", [Convolution(first, 16, 16, 2)]);
        var flat = model.Node("Flatten", [model.Node("GlobalAveragePool", [second])]);
        var scores = model.Node("Gemm", [flat, model.Constant(RandomTensors.Floats(3, 16, 3)), model.Constant([3], 0, 0, 0)]);
        return model.Output(model.Node("Softmax", [scores]), ElementType.Float32);

        string Convolution(string from, int inputs, int outputs, int seed) =>
            model.Node(
                "Conv",
                [
                    from,
                    model.Constant(RandomTensors.Floats(seed, outputs, inputs, 3, 3)),
                    model.Constant(RandomTensors.Floats(seed, outputs)),
                ],
                ("pads", new long[] { 1, 1, 1, 1 })
            );
    }
}
