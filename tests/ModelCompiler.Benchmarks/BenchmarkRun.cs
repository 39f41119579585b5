using System.Runtime.InteropServices;
using ModelCompiler.Benchmarks.Modes;
using ModelCompiler.Benchmarks.Programs;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks;

/// <summary>One run of the program: each mode measures, prints its section and, where asked to, replaces that section of the page.</summary>
/// <param name="options">What the user has asked for.</param>
/// <param name="output">Gets the sections.</param>
/// <param name="progress">Gets a line a model.</param>
/// <param name="cancellation">Stops between two measurements.</param>
internal sealed class BenchmarkRun(RunOptions options, TextWriter output, TextWriter progress, CancellationToken cancellation) : IDisposable
{
    private readonly Lazy<PackageFeed> _feed = new(() => new PackageFeed());

    /// <summary>Against ONNX Runtime.</summary>
    public void Speed()
    {
        RequireRunnable(options.Target);
        var models = options.Models([.. BenchmarkModel.Sets]);
        var section = Measure(models, m => SpeedMode.Measure(m, options.Target, options.Duration, cancellation));
        Publish(PerformancePage.Speed(section), results => results with { Speed = section });
    }

    /// <summary>Targets against each other.</summary>
    public void Targets()
    {
        var lesser = Target.Find("x64-avx2")!;
        RequireRunnable(lesser);
        var models = options.Models(BenchmarkModel.Int8);
        var section = Measure(models, m => TargetsMode.Measure(m, lesser, options.Duration, cancellation));
        Publish(PerformancePage.Targets(section), results => results with { Targets = section });
    }

    /// <summary>Two threads against one.</summary>
    public void Threads()
    {
        RequireRunnable(options.Target);
        ThreadsMode.RequireProcessors();
        var models = options.Models(BenchmarkModel.MobileInt8, BenchmarkModel.Float);
        var section = Measure(models, m => ThreadsMode.Measure(m, options.Target, options.Duration, cancellation));
        Publish(PerformancePage.Threads(section), results => results with { Threads = section });
    }

    /// <summary>Compressed layers.</summary>
    public void Sparse()
    {
        RequireRunnable(options.Target);
        var rows = new List<SparseRow>();
        foreach (var layer in CompressedLayer.All)
        {
            progress.WriteLine($"measuring {layer.Name}");
            rows.Add(SparseMode.Measure(layer, options.Target, options.Duration, cancellation));
        }

        var section = new Section<SparseRow>(options.Command, Machine.This, rows);
        Publish(PerformancePage.Sparse(section), results => results with { Sparse = section });
    }

    /// <summary>Native programs.</summary>
    public void Native()
    {
        RequireLinux();
        var mode = new NativeMode(_feed.Value, options.Duration, cancellation);
        var section = Measure(options.ToPublish(), mode.Measure);
        Publish(PerformancePage.Native(section), results => results with { Native = section });
    }

    /// <summary>Inner loops for arm64.</summary>
    public void Arm()
    {
        RequireLinux();
        ArmMode.RequireTools();
        var mode = new ArmMode(_feed.Value);
        var models = Measure(options.ForArm(), mode.Measure);
        var section = new Section<ArmRow>(models.Command, models.Machine, [.. models.Rows.SelectMany(rows => rows)]);
        Publish(PerformancePage.Arm(section), results => results with { Arm = section });
    }

    /// <summary>Builds.</summary>
    public void Build()
    {
        RequireLinux();
        var mode = new BuildMode(_feed.Value, cancellation);
        var section = new Section<BuildRow>(options.Command, Machine.This, mode.Run(progress.WriteLine));
        Publish(PerformancePage.Build(section), results => results with { Build = section });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_feed.IsValueCreated)
        {
            _feed.Value.Dispose();
        }
    }

    private Section<TRow> Measure<TRow>(IReadOnlyList<BenchmarkModel> models, Func<BenchmarkModel, TRow> measure)
    {
        var rows = new List<TRow>();
        foreach (var model in models)
        {
            cancellation.ThrowIfCancellationRequested();
            progress.WriteLine($"measuring {model.Name}");
            rows.Add(measure(model));
        }

        return new Section<TRow>(options.Command, Machine.This, rows);
    }

    private void Publish(string section, Func<Performance, Performance> replace)
    {
        output.WriteLine(section);
        if (options.Output is { } folder)
        {
            // Read only now: a run of another mode may have ended meanwhile.
            replace(Performance.Read(folder)).Write(folder);
        }
    }

    private static void RequireRunnable(Target target)
    {
        if (!Processor.Supports(target))
        {
            throw new PlatformNotSupportedException($"This processor cannot run code for {target.Name}.");
        }
    }

    private static void RequireLinux()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.OSArchitecture != Architecture.X64)
        {
            throw new PlatformNotSupportedException("Programs are published and builds are watched on Linux on x64 only.");
        }
    }
}
