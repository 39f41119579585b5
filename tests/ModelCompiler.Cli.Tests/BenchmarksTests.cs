using ModelCompiler.Benchmarks;
using ModelCompiler.Benchmarks.Programs;
using ModelCompiler.Benchmarks.Results;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests;

/// <summary>The program that writes <c>docs/performance.md</c>.</summary>
public sealed class BenchmarksTests : IDisposable
{
    private static readonly Machine SomeMachine = new("a processor", ["Avx2"], ".NET", "1.0");

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_named_model_is_measured_and_written_where_output_says()
    {
        var model = _folder.Add("small", SmallModels.MatMul());

        var (exitCode, output, _) = await Run("speed", model, "--seconds", "0.01", "--output", _folder.Root);

        Assert.Equal(Benchmarks.ExitCodes.Success, exitCode);
        var row = Assert.Single(Performance.Read(_folder.Root).Speed!.Rows);
        Assert.Equal(model, row.Model);
        Assert.True(row.OursMs > 0 && row.OnnxRuntimeMs > 0 && row.PeakGmacPerSecond > 0);
        Assert.InRange(row.LeastArenaBytes, 0, row.ArenaBytes);
        Assert.NotEmpty(row.Operators);
        Assert.Contains($"| {model} | auto |", output, StringComparison.Ordinal);
        Assert.Contains(output.TrimEnd(), Page(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_named_with_a_way_out()
    {
        var nowhere = Path.Combine(_folder.Root, "nowhere");

        var (exitCode, _, errors) = await Run("speed", "--models", nowhere);

        Assert.Equal(Benchmarks.ExitCodes.Missing, exitCode);
        Assert.Contains(nowhere, errors, StringComparison.Ordinal);
        Assert.Contains("--models", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_model_is_a_failure()
    {
        var (exitCode, _, errors) = await Run("speed", _folder.Add("broken", [1, 2, 3]), "--seconds", "0.01");

        Assert.Equal(Benchmarks.ExitCodes.Failure, exitCode);
        Assert.Contains("MC0001", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mode_replaces_its_section_and_keeps_the_others()
    {
        var speed = new Section<SpeedRow>("measure speed", SomeMachine, [Row("int8", 2, 4), Row("int8", 1, 8), Row("float", 1, 3)]);
        new Performance { Speed = speed }.Write(_folder.Root);
        var targets = new Section<TargetRow>(
            "compare",
            SomeMachine,
            [new("net", "x64-avx2", 4, "auto", 1, 5), new("net2", "x64-avx2", 1, "auto", 1, 5)]
        );
        (Performance.Read(_folder.Root) with { Targets = targets }).Write(_folder.Root);

        Assert.Contains("`measure speed` on a processor (Avx2)", Page(), StringComparison.Ordinal);
        Assert.Contains("`compare` on a processor (Avx2)", Page(), StringComparison.Ordinal);
        // The means of 2 and 8, and of 1/4 and 1; a set of one model has none.
        Assert.Contains("| geometric mean |  |  |  | 4.000 |", Page(), StringComparison.Ordinal);
        Assert.Contains("| geometric mean |  |  |  |  | 0.500 |", Page(), StringComparison.Ordinal);
        Assert.Contains("| least |  |  |  |  | 0.250 |", Page(), StringComparison.Ordinal);
        Assert.Equal(2, Page().Split("geometric mean").Length - 1);
    }

    [Fact]
    public void The_page_says_when_int8_figures_are_not_those_of_the_dot_product()
    {
        string On(params string[] sets) =>
            PerformancePage.Speed(new("measure", SomeMachine with { InstructionSets = sets }, [Row("int8", 1, 1)]));

        Assert.Contains("no AVX-VNNI", On("Avx2"), StringComparison.Ordinal);
        Assert.DoesNotContain("no AVX-VNNI", On("AvxVnni", "Avx2"), StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_written_can_be_read_again()
    {
        var results = new Performance
        {
            Speed = new("a", SomeMachine, [Row("int8", 1, null)]),
            Native = new(
                "b",
                SomeMachine,
                [new("net", new(2, 3_000_000, 1_000_000, 20), new(25, 30_000_000, 28_000_000, 20), "Avx2", 1, 2, 9)]
            ),
            Threads = new("e", SomeMachine, [new("net", "auto", 2, 2, 1.25, 7)]),
            Arm = new("d", SomeMachine, [new("pointwise", "net", "conv", "pointwise int8", 105, 64, 36.05, "14")]),
            Build = new("c", SomeMachine, [new(0, 3, 100, 200, 3), new(1_000_000, 4, 300, 200, 3)]),
        };

        var read = Performance.Parse(results.ToJson());

        Assert.Equal(results.ToJson(), read.ToJson());
        Assert.Equal(PerformancePage.Of(results), PerformancePage.Of(read));
    }

    [Fact]
    public void Loops_are_cut_where_there_is_none_inside_and_their_branch_has_a_label()
    {
        const string Disassembly = """
            0000000000001000 <method>:
                1000:      	mov	x3, xzr
                1004:      	ldr	q17, 0x2000 <method+0x1000>
                1008:      	ldr	q4, [x14]
                100c:      	sdot	v19.4s, v4.16b, v22.4b[0]
                1010:      	sdot	v20.4s, v4.16b, v22.4b[1]
                1014:      	b.lt	0x1008 <method+0x8>
                1018:      	cbz	x3, 0x1020 <method+0x20>
                101c:      	b	0x1004 <method+0x4>
                1020:      	ret
            """;

        var loop = Assert.Single(ArmLoop.InnermostOf(Disassembly));

        Assert.Equal(4, loop.Instructions.Count);
        Assert.Equal(2, loop.Count("sdot"));
        Assert.Equal("b.lt\tloop", loop.Instructions[^1]);
    }

    [Fact]
    public void The_share_of_the_peak_is_of_two_dot_products_a_cycle()
    {
        var page = PerformancePage.Arm(new("cut", SomeMachine, [new("pointwise", "net", "conv", "tiles", 105, 64, 40, "14")]));

        Assert.Contains("| 105 | 64 | 40.00 | 1.600 | 80.0 % | 14 |", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_published_page_is_the_one_that_its_json_gives()
    {
        var docs = Path.Combine(Repository.Root, "docs");

        Assert.Equal(PerformancePage.Of(Performance.Read(docs)), File.ReadAllText(Path.Combine(docs, "performance.md")));
    }

    [Fact]
    public void The_first_undisturbed_measurement_is_taken_and_else_the_least_disturbed()
    {
        var discarded = new List<int>();
        var measured = 0;

        Assert.Equal(3, Scheduling.Undisturbed(() => (++measured, measured == 3 ? 0 : 0.5), discarded.Add));
        Assert.Equal([2, 1], discarded);
        measured = 0;
        Assert.Equal(7, Scheduling.Undisturbed(() => (++measured, measured == 7 ? 0.1 : 0.5)));
    }

    [Fact]
    public void Candidates_keep_their_order()
    {
        var turns = Benchmark.InTurns([_ => 3, _ => 5], TimeSpan.Zero);

        Assert.Equal([3, 5], turns.MedianMs);
        Assert.Equal(5, turns.Rounds);
    }

    [Fact]
    public void The_mean_of_ratios_is_geometric() => Assert.Equal(4, Benchmark.GeometricMean([2, 8, 4]), 12);

    private string Page() => File.ReadAllText(Path.Combine(_folder.Root, "performance.md"));

    private static SpeedRow Row(string set, double ours, double? onnxRuntime) =>
        new(set, "net", "auto", ours, onnxRuntime, 1_000_000, "vfmadd 512", 100, 2048, 1024, 4096, 5000, 9, [new("Conv", 2)]);

    private static async Task<(int ExitCode, string Output, string Errors)> Run(params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var exitCode = await BenchmarkCommand.Run(arguments, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
