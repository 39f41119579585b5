using ModelCompiler.Benchmarks.Programs;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>Published programs: how soon they answer, what they take, and whether native code is as fast as the JIT's.</summary>
internal sealed class NativeMode(PackageFeed feed, TimeSpan duration, CancellationToken cancellation)
{
    private const int Starts = 20;
    private const string Runtime = "linux-x64";

    // What a NativeAOT binary for x64 can decide at run time: it may not use 512-bit code unless it is made for nothing else.
    private static readonly Target Native = Target.Find("auto", Runtime)! with
    {
        InstructionSets = Target.Find("auto", Runtime)!.InstructionSets.Where(s => s != InstructionSet.Avx512).ToArray(),
    };

    private int _programs;

    public NativeRow Measure(BenchmarkModel model)
    {
        var opened = model.Open(Native);
        using var network = model.Load(opened);
        var ours = PublishOurs(opened, network);
        var theirs = PublishOnnxRuntime(opened, network);
        var (footprint, theirFootprint) = Footprints(ours, theirs);

        var inputs = network.Inputs.Select(p => new NamedTensor(p.Name, p.Type, Constant(p.Type))).ToList();
        using var running = RunningProgram.Start(ours);
        CheckResult(model, network.Run([.. inputs.Select(i => i.Elements)])[0], running.FirstLine);
        var turns = Benchmark.InTurns([running.Sample, Benchmark.Timed(Benchmark.Call(network, inputs))], duration, cancellation);
        return new NativeRow(
            model.Name,
            footprint,
            theirFootprint,
            Native.InstructionSets.First(Processor.Supports).ToString(),
            turns.MedianMs[0],
            turns.MedianMs[1],
            turns.Rounds
        );
    }

    private string PublishOurs(ModelCase opened, CompiledNetwork network)
    {
        var app = new App(
            feed,
            $"ours{_programs}",
            """<CompiledModel Include="network.onnx" />""",
            ProgramText.Ours(network.Inputs, network.Outputs),
            ("network.onnx", opened.File.Bytes)
        );
        return app.Publish(Runtime).Binary;
    }

    private string PublishOnnxRuntime(ModelCase opened, CompiledNetwork network)
    {
        var app = App.WithoutPackage(
            feed,
            $"onnxruntime{_programs++}",
            $"""
            <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{OnnxRuntimeOracle.Version}" />
            <None Include="model.onnx" CopyToOutputDirectory="PreserveNewest" />
            """,
            ProgramText.OnnxRuntime(network.Inputs, network.Outputs),
            ("model.onnx", opened.File.Bytes)
        );
        // The publisher warns of code in the package that trimming might break; what is used here runs.
        return app.Publish(Runtime, "-p:TreatWarningsAsErrors=false").Binary;
    }

    private (Footprint Ours, Footprint Theirs) Footprints(string ours, string theirs)
    {
        string[] programs = [ours, theirs];
        var times = programs.Select(_ => new List<double>()).ToArray();
        var peaks = programs.Select(_ => new List<double>()).ToArray();
        // The first round only brings the files into the page cache.
        for (var round = 0; round <= Starts; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < programs.Length; i++)
            {
                using var running = RunningProgram.Start(programs[i]);
                if (round > 0)
                {
                    times[i].Add(running.TimeToFirstResult.TotalMilliseconds);
                    peaks[i].Add(running.PeakResidentBytes);
                }
            }
        }

        Footprint Of(int i) => new(Benchmark.Median(times[i]), (long)Benchmark.Median(peaks[i]), DiskBytes(programs[i]), Starts);
        return (Of(0), Of(1));
    }

    /// <summary>All files beside the binary, without debug symbols and what ONNX Runtime's package adds for Windows.</summary>
    private static long DiskBytes(string binary) =>
        Directory
            .GetFiles(Path.GetDirectoryName(binary)!, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetExtension(f) is not (".dbg" or ".pdb" or ".dll"))
            .Sum(f => new FileInfo(f).Length);

    private static Array Constant(TensorType type)
    {
        var array = Elements.Allocate(type);
        for (var i = 0; i < array.Length; i++)
        {
            array.SetValue(
                array switch
                {
                    float[] => 0.5f,
                    double[] => 0.5,
                    bool[] => true,
                    _ => Convert.ChangeType(1, array.GetType().GetElementType()!, null),
                },
                i
            );
        }

        return array;
    }

    /// <summary>Both run the same code, so that a difference means that one of them does not.</summary>
    private static void CheckResult(BenchmarkModel model, NamedTensor expected, string found)
    {
        var first = Elements.Bytes(expected.Elements)[..(found.Length / 2)];
        if (found.Length == 0 || Convert.ToHexString(first) != found)
        {
            throw new BenchmarkException($"{model.Path}: the native program gives {found}, the JIT {Convert.ToHexString(first)}");
        }
    }
}
