using ModelCompiler.Benchmarks.Programs;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Kernels.Int8;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Modes;

/// <summary>The inner loops of published programs for arm64, estimated instead of run: no processor of that kind is needed.</summary>
internal sealed class ArmMode(PackageFeed feed)
{
    private const string Runtime = "linux-arm64";
    private const string Dot = "sdot";

    private static readonly string[] Tools = ["clang", "ld.lld", "aarch64-linux-gnu-objcopy", "llvm-objdump", "llvm-mca"];

    private int _programs;

    /// <summary>Checks that the machine has what is needed.</summary>
    /// <exception cref="PlatformNotSupportedException">It lacks something.</exception>
    public static void RequireTools()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        var missing = Tools.Where(tool => !folders.Any(f => File.Exists(Path.Combine(f, tool)))).ToList();
        if (missing.Count > 0)
        {
            throw new PlatformNotSupportedException(
                $"Programs for arm64 are published with a cross toolchain and disassembled with LLVM; missing: {string.Join(", ", missing)}."
            );
        }
    }

    /// <summary>A row for each kind of kernel in the model: of its layers the one with the most products.</summary>
    public IReadOnlyList<ArmRow> Measure(BenchmarkModel model)
    {
        var opened = model.Open(Target.Find("auto", Runtime)!);
        using var network = model.Load(opened);
        var app = new App(
            feed,
            $"arm{_programs++}",
            """<CompiledModel Include="network.onnx" />""",
            ProgramText.Ours(network.Inputs, network.Outputs),
            ("network.onnx", opened.File.Bytes)
        );
        // For size NativeAOT decides at build time that there is no dot product.
        var (binary, _) = app.Publish(Runtime, "-p:OptimizationPreference=Speed", "-p:StripSymbols=false");
        var symbols = Command.Run(app.Folder, "llvm-objdump", "--syms", binary).Split('\n').Select(l => l.Split(' ')[^1]).ToList();
        var methods =
            from step in opened.Lower().Program!.Steps
            let kind = KindOf(step.Kernel)
            let symbol = symbols.Find(s =>
                s.EndsWith($"_Layers__{step.Method}_{InstructionSet.ArmDotProduct}", StringComparison.Ordinal)
                && !s.StartsWith("_lsda", StringComparison.Ordinal)
            )
            where kind is not null && symbol is not null
            orderby step.Macs descending
            select (kind, step, symbol);
        ArmRow[] rows = [.. methods.DistinctBy(m => m.kind).Select(m => RowOf(model, app.Folder, binary, m.kind, m.step, m.symbol))];
        return rows.Length > 0 ? rows : throw new BenchmarkException($"{model.Path}: no layer's method with {Dot} is in {binary}");
    }

    private static ArmRow RowOf(BenchmarkModel model, string folder, string binary, string kind, Step step, string symbol)
    {
        string[] arguments = ["-d", "--no-show-raw-insn", $"--mcpu={ArmRow.Processor}", $"--disassemble-symbols={symbol}", binary];
        var loops = ArmLoop.InnermostOf(Command.Run(folder, "llvm-objdump", arguments));
        var loop =
            loops.MaxBy(l => l.Count(Dot)) is { } found && found.Count(Dot) > 0
                ? found
                : throw new BenchmarkException($"{model.Path}: {symbol} has no loop with {Dot}");
        return new ArmRow(
            kind,
            model.Name,
            step.Name,
            step.Kernel.Describe(),
            loop.Instructions.Count,
            loop.Count(Dot),
            loop.Cycles(folder, ArmRow.Processor),
            ArmLoop.LlvmVersion
        );
    }

    private static string? KindOf(Kernel kernel) =>
        kernel switch
        {
            PointwiseInt8Kernel { Rows: 1 } => "matrix × vector",
            PointwiseInt8Kernel => "pointwise",
            DepthwiseInt8Kernel => "depthwise",
            _ => null,
        };
}
