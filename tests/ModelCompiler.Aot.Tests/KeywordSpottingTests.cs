using ModelCompiler.Testing;

namespace ModelCompiler.Aot.Tests;

/// <summary>The keyword network of MLPerf Tiny as a program of its own.</summary>
[Collection(nameof(PackageFeed))]
public sealed class KeywordSpottingTests(PackageFeed feed)
{
    private const string Program = """
        using TestApp;

        using var network = new Kws();
        var x = new float[490];
        var y = new float[12];
        uint state = 1;
        for (var i = 0; i < x.Length; i++)
        {
            state = (state * 1664525) + 1013904223;
            x[i] = (int)(state >> 16) / 512f - 64f;
        }

        network.Predict(x, y);
        Console.WriteLine(string.Join(" ", y.Select(v => BitConverter.SingleToInt32Bits(v).ToString("X8", null))));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            network.Predict(x, y);
        }

        Console.WriteLine(GC.GetAllocatedBytesForCurrentThread() - before);
        """;

    [MachineFact(Needs.NativeToolchain | Needs.TestData)]
    public void Native_binary_for_x64_is_small_starts_at_once_allocates_nothing_and_gives_the_bits_of_the_jit()
    {
        var (binary, said) = Create().Publish("linux-x64");
        var lines = Command.Run(feed.Root, binary).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(Expected(), lines[0]);
        Assert.Equal("0", lines[1]);
        Assert.Contains("x86-64-v3", said, StringComparison.Ordinal);
        var bytes = new FileInfo(binary).Length;
        Assert.True(bytes <= 1_350_000, $"the binary has {bytes} bytes");
        // The least of many: other work on the machine can only add to it.
        var start = Enumerable.Range(0, 40).Min(_ => Command.TimeToFirstLine(binary));
        Assert.True(start <= TimeSpan.FromMilliseconds(15), $"from start to first result {start.TotalMilliseconds:F1} ms");
    }

    [MachineFact(Needs.NativeToolchain | Needs.Arm64 | Needs.TestData)]
    public void Native_binary_for_arm64_gives_the_bits_of_x64_with_and_without_dot_product()
    {
        var (binary, _) = Create().Publish("linux-arm64");
        foreach (var processor in new[] { "cortex-a53", "cortex-a76" })
        {
            var lines = Command
                .Run(feed.Root, Machine.Qemu, "-cpu", processor, "-L", "/usr/aarch64-linux-gnu", binary)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal((processor, Expected()), (processor, lines[0]));
            Assert.Equal("0", lines[1]);
        }
    }

    private static string Model => TestData.PathOf("models/onnx/keyword-spotting/mlperf_kws_dscnn_int8_qdq/model.onnx");

    private App Create() =>
        new(feed, "keywords", """<CompiledModel Include="kws.onnx" />""", Program, ("kws.onnx", File.ReadAllBytes(Model)));

    /// <summary>What the same model gives in this process, on every target alike.</summary>
    private static string Expected()
    {
        using var network = InProcess.Load(Model);
        var x = new float[490];
        uint state = 1;
        for (var i = 0; i < x.Length; i++)
        {
            state = unchecked((state * 1664525) + 1013904223);
            x[i] = ((int)(state >> 16) / 512f) - 64f;
        }

        return InProcess.Bits(network, x);
    }
}
