using System.Diagnostics;
using ModelCompiler.Benchmarks.Programs;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>What a model costs whoever builds a project with it.</summary>
internal sealed class BuildMode(PackageFeed feed, CancellationToken cancellation)
{
    private const int Builds = 3;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);

    // The first project has no model.
    private static readonly long[] WeightBytes = [0, 100_000, 1_000_000, 5_000_000, 25_000_000];

    /// <summary>Builds all projects in turns.</summary>
    public IReadOnlyList<BuildRow> Run(Action<string> progress)
    {
        var apps = WeightBytes.Select(Create).ToList();
        var builds = apps.Select(_ => new List<Observation>()).ToList();
        for (var round = 1; round <= Builds; round++)
        {
            for (var i = 0; i < apps.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                progress($"building {apps[i].Name}, {round} of {Builds}");
                builds[i].Add(Build(apps[i]));
            }
        }

        return [.. WeightBytes.Zip(builds, RowOf)];
    }

    private static BuildRow RowOf(long weightBytes, List<Observation> builds) =>
        new(
            weightBytes,
            Benchmark.Median([.. builds.Select(b => b.Seconds)]),
            (long)Benchmark.Median([.. builds.Select(b => (double)b.CompilerPeak)]),
            (long)Benchmark.Median([.. builds.Select(b => (double)b.BuildPeak)]),
            Builds
        );

    private App Create(long weightBytes) =>
        weightBytes == 0
            ? new App(feed, "empty", "", "Console.WriteLine();\n")
            : new App(
                feed,
                $"weights{weightBytes}",
                """<CompiledModel Include="network.onnx" />""",
                $"using var network = new TestApp.Network();\nConsole.WriteLine(network.Predict(new float[{SyntheticModel.Width(weightBytes)}])[0]);\n",
                ("network.onnx", SyntheticModel.Create(weightBytes))
            );

    private Observation Build(App app)
    {
        foreach (var folder in new[] { "bin", "obj" }.Select(f => Path.Combine(app.Folder, f)).Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        Command.Run(app.Folder, "dotnet", ["restore", .. feed.RestoreArguments]);
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(StartOf(app))!;
        var output = Task.Run(() => Command.Output(process));
        var (compiler, build) = (0L, 0L);
        while (!output.IsCompleted)
        {
            foreach (var id in ProcessMemory.TreeOf(process.Id))
            {
                var peak = ProcessMemory.PeakOf(id);
                (compiler, build) = IsCompiler(id) ? (Math.Max(compiler, peak), build) : (compiler, Math.Max(build, peak));
            }

            Thread.Sleep(LookEvery);
        }

        var elapsed = watch.Elapsed;
        output.GetAwaiter().GetResult();
        return new Observation(elapsed.TotalSeconds, compiler, build);
    }

    private ProcessStartInfo StartOf(App app)
    {
        string[] arguments =
        [
            "build",
            "--no-restore",
            "-c",
            "Release",
            "-p:UseSharedCompilation=false",
            "-p:AnalysisLevel=latest",
            "-nodeReuse:false",
            .. feed.RestoreArguments,
        ];
        var start = Command.Start("dotnet", arguments);
        start.WorkingDirectory = app.Folder;
        // A compiler or MSBuild that lives on would keep memory and time of other builds.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        return start;
    }

    /// <summary>Whether a process is the C# compiler, as a program or as an assembly given to <c>dotnet</c>.</summary>
    private static bool IsCompiler(int process) =>
        ProcessMemory.CommandLineOf(process).Take(3).Any(a => Path.GetFileName(a) is "csc" or "csc.dll");

    private sealed record Observation(double Seconds, long CompilerPeak, long BuildPeak);
}
