using System.Globalization;
using System.Text;
using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks.Results;

/// <summary>The results as a page for people.</summary>
internal static class PerformancePage
{
    private const string Heading = """
        # Performance

        Written by `tests/ModelCompiler.Benchmarks` from `performance.json`, never by hand; each section says which command wrote it, and where. Ratios were
        measured in one run in which both sides took turns, and hold; the times themselves are of that machine alone.


        """;

    /// <summary>The whole page; a mode that has never run has no section.</summary>
    public static string Of(Performance results) =>
        Heading
        + string.Join(
            "\n",
            new[]
            {
                results.Speed is { } speed ? Speed(speed) : null,
                results.Targets is { } targets ? Targets(targets) : null,
                results.Threads is { } threads ? Threads(threads) : null,
                results.Sparse is { } sparse ? Sparse(sparse) : null,
                results.Native is { } native ? Native(native) : null,
                results.Arm is { } arm ? Arm(arm) : null,
                results.Build is { } build ? Build(build) : null,
            }.OfType<string>()
        );

    /// <summary>Against ONNX Runtime.</summary>
    public static string Speed(Section<SpeedRow> section)
    {
        var text = Begin(
            "Against ONNX Runtime",
            section,
            $"One thread each, in one process; ONNX Runtime {section.Machine.OnnxRuntime} with its defaults and with inputs and outputs allocated before. Medians of samples in which the system did not take the processor away; the ratio is "
                + "ONNX Runtime's time over ours, above 1 ours is faster. The peak is that of the processor's best multiply-accumulate instruction, measured in the same "
                + "turns. The least arena is the most that is alive at one layer. C# is the generated text without weights."
        );
        if (!section.Machine.HasDotProduct())
        {
            text.Append(
                "This machine has no AVX-VNNI that .NET makes use of: the int8 figures are those of the code without `vpdpbusd`, and not the yardstick's.\n\n"
            );
        }

        foreach (var set in section.Rows.GroupBy(r => r.Set))
        {
            text.Append(CultureInfo.InvariantCulture, $"### {set.Key}\n\n{SpeedTable([.. set])}\n");
        }

        text.Append(
            "### What ONNX Runtime runs\n\nThe operators of its optimised graph: some layers of quantised networks stay in float.\n\n"
        );
        foreach (var row in section.Rows.Where(r => r.Operators.Count > 0))
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"- {row.Model}: {string.Join(", ", row.Operators.Select(o => $"{o.Name} ×{o.Count}"))}\n"
            );
        }

        return text.ToString();
    }

    /// <summary>Targets against each other.</summary>
    public static string Targets(Section<TargetRow> section)
    {
        var text = Begin(
            "Targets",
            section,
            "Code for a lesser target and for the machine's best one, in turns in one process; the ratio is the lesser one's speed as a part of the best one's."
        );
        var table = new MarkdownTable("model", "target", "time", "best target", "time", "ratio");
        foreach (var row in section.Rows)
        {
            table.Add(
                row.Model,
                row.Target,
                Amount.Milliseconds(row.Ms),
                row.BestTarget,
                Amount.Milliseconds(row.BestMs),
                Amount.Number(row.Ratio)
            );
        }

        double[] ratios = [.. section.Rows.Select(r => r.Ratio)];
        table.Add("geometric mean", "", "", "", "", Amount.Number(Benchmark.GeometricMean(ratios)));
        table.Add("least", "", "", "", "", Amount.Number(ratios.Min()));
        return text.Append(table).ToString();
    }

    /// <summary>Two threads against one.</summary>
    public static string Threads(Section<ThreadsRow> section)
    {
        var text = Begin(
            "Threads",
            section,
            "One call with one thread and with several for large layers, in turns in one process, one call after the other."
        );
        var table = new MarkdownTable("model", "target", "one thread", "threads", "time", "times as fast");
        foreach (var row in section.Rows)
        {
            table.Add(
                row.Model,
                row.Target,
                Amount.Milliseconds(row.Ms),
                $"{row.Threads}",
                Amount.Milliseconds(row.ThreadsMs),
                Amount.Number(row.Ratio)
            );
        }

        return text.Append(table).ToString();
    }

    /// <summary>Compressed layers.</summary>
    public static string Sparse(Section<SparseRow> section)
    {
        var text = Begin(
            "Pruned and clustered weights",
            section,
            "One layer of weights that compression has left zero blocks or few values of, and the same layer with all of its weights, both compiled, in turns in one process. "
                + "Bytes are those of the weights with their places and code books, bias and scales aside. Streams, which trade time for bytes, are what `Weights=\"smallest\"` chooses."
        );
        var table = new MarkdownTable("layer", "channels", "packing", "all weights", "compressed", "times as fast", "bytes", "of all");
        foreach (var row in section.Rows)
        {
            table.Add(
                row.Layer,
                row.Shape,
                row.Packing,
                Amount.Milliseconds(row.DenseMs),
                Amount.Milliseconds(row.Ms),
                Amount.Number(row.Ratio),
                Amount.Bytes(row.WeightBytes),
                Percent(row.BytesRatio)
            );
        }

        return text.Append(table).ToString();
    }

    /// <summary>Native programs.</summary>
    public static string Native(Section<NativeRow> section)
    {
        var text = Begin(
            "NativeAOT programs",
            section,
            $"Two programs a model, published with NativeAOT: one with our code, one with ONNX Runtime {section.Machine.OnnxRuntime} through its C# API, both at one thread. From the start of the "
                + "process to the first result, and the peak of resident memory (VmHWM) by then: medians over starts of both in turns, files in the page cache. "
                + "On disk: all files that have to be on the device."
        );
        var footprints = new MarkdownTable("model", "program", "start to first result", "peak memory", "on disk");
        var speeds = new MarkdownTable("model", "code for", "NativeAOT", "JIT", "JIT/NativeAOT");
        foreach (var row in section.Rows)
        {
            var (ours, theirs) = (row.Ours, row.OnnxRuntime);
            footprints.Add([row.Model, "ours", .. Cells(ours)]);
            footprints.Add([row.Model, "ONNX Runtime", .. Cells(theirs)]);
            footprints.Add(
                row.Model,
                "ONNX Runtime / ours",
                Amount.Number(theirs.FirstResultMs / ours.FirstResultMs),
                Amount.Number((double)theirs.PeakResidentBytes / ours.PeakResidentBytes),
                Amount.Number((double)theirs.DiskBytes / ours.DiskBytes)
            );
            speeds.Add(
                row.Model,
                row.InstructionSet,
                Amount.Milliseconds(row.NativeMs),
                Amount.Milliseconds(row.JitMs),
                Amount.Number(row.Ratio)
            );
        }

        return text.Append(footprints)
            .Append(
                "\nOne call in our native program and under the JIT, in turns, code for the same target. The JIT encodes it with all registers that the processor has, the native program with those of its level, x86-64-v3:\n\n"
            )
            .Append(speeds)
            .ToString();
    }

    /// <summary>Inner loops for arm64.</summary>
    public static string Arm(Section<ArmRow> section)
    {
        var text = Begin(
            "Inner loops for arm64",
            section,
            $"Estimated, not run: a program for linux-arm64 is published with NativeAOT, a layer's method disassembled, and the innermost loop with the most `sdot` given to `llvm-mca -mcpu={ArmRow.Processor}`. "
                + $"The peak is {ArmRow.Peak} `sdot` a cycle, of 16 products each. Where a layer's depth is written out, the loop is the one around it and has the requantisation in it. "
                + "LLVM 14 has no model of that processor and takes Cortex-A57's, with one load a cycle in place of two: a matrix times one vector loads as much as it multiplies, and stays below half of the peak there."
        );
        var table = new MarkdownTable("kernel", "model", "layer", "instructions", "sdot", "cycles", "sdot a cycle", "of the peak", "LLVM");
        foreach (var row in section.Rows)
        {
            table.Add(
                row.Kind,
                row.Model,
                $"{row.Layer}: {row.Shape}",
                $"{row.Instructions}",
                $"{row.DotProducts}",
                Amount.Number(row.Cycles),
                Amount.Number(row.DotProductsPerCycle),
                Percent(row.PeakFraction),
                row.LlvmVersion
            );
        }

        return text.Append(table).ToString();
    }

    /// <summary>Builds.</summary>
    public static string Build(Section<BuildRow> section)
    {
        var text = Begin(
            "Builds",
            section,
            "`dotnet build` of a restored project with nothing built, projects in turns, by the size of its model's weights (int8 matrices of random values), without a compiler that is running already. The generator "
                + "runs in the C# compiler, the task that writes large weights in MSBuild: peaks of resident memory of each, medians."
        );
        var table = new MarkdownTable("weights", "time", "more than without a model", "C# compiler", "MSBuild", "larger of both");
        var without = section.Rows.FirstOrDefault(r => r.WeightBytes == 0);
        foreach (var row in section.Rows)
        {
            table.Add(
                row.WeightBytes == 0 ? "no model" : (row.WeightBytes / 1e6).ToString("0.0#", CultureInfo.InvariantCulture) + " MB",
                Seconds(row.Seconds),
                row.WeightBytes == 0 || without is null ? "" : Seconds(row.Seconds - without.Seconds),
                Amount.Bytes(row.CompilerPeakBytes),
                Amount.Bytes(row.BuildPeakBytes),
                Amount.Bytes(row.PeakBytes)
            );
        }

        return text.Append(table).ToString();
    }

    private static StringBuilder Begin<TRow>(string title, Section<TRow> section, string explanation)
    {
        var machine = section.Machine;
        return new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"## {title}\n\n`{section.Command}` on {machine.Processor} ({string.Join(", ", machine.InstructionSets)}), {machine.Runtime}.\n\n{explanation}\n\n"
        );
    }

    private static MarkdownTable SpeedTable(IReadOnlyList<SpeedRow> rows)
    {
        var instruction = rows[0].PeakInstruction;
        var table = new MarkdownTable(
            "model",
            "target",
            "ours",
            "ONNX Runtime",
            "ratio",
            "GMAC/s",
            $"of the peak ({instruction}, {Amount.Number(Benchmark.Median([.. rows.Select(r => r.PeakGmacPerSecond)]))} GMAC/s)",
            "arena",
            "least arena",
            "arena / least",
            "weights",
            "C#"
        );
        foreach (var row in rows)
        {
            table.Add(
                row.Model,
                row.Target,
                Amount.Milliseconds(row.OursMs),
                row.OnnxRuntimeMs is { } theirs ? Amount.Milliseconds(theirs) : "does not run it",
                row.Ratio is { } ratio ? Amount.Number(ratio) : "",
                Amount.Number(row.GmacPerSecond),
                Percent(row.PeakFraction) + (row.PeakInstruction == instruction ? "" : $" of {row.PeakInstruction}"),
                Amount.Bytes(row.ArenaBytes),
                Amount.Bytes(row.LeastArenaBytes),
                row.LeastArenaBytes == 0 ? "" : Amount.Number((double)row.ArenaBytes / row.LeastArenaBytes),
                Amount.Bytes(row.WeightBytes),
                Amount.Bytes(row.TextBytes)
            );
        }

        double[] ratios = [.. rows.Select(r => r.Ratio).OfType<double>()];
        if (ratios.Length > 1)
        {
            table.Add("geometric mean", "", "", "", Amount.Number(Benchmark.GeometricMean(ratios)), "", "", "", "", "", "");
        }

        return table;
    }

    private static string[] Cells(Footprint footprint) =>
        [Amount.Milliseconds(footprint.FirstResultMs), Amount.Bytes(footprint.PeakResidentBytes), Amount.Bytes(footprint.DiskBytes)];

    private static string Seconds(double seconds) => seconds.ToString("F1", CultureInfo.InvariantCulture) + " s";

    private static string Percent(double part) => (part * 100).ToString("F1", CultureInfo.InvariantCulture) + " %";
}
