using System.Runtime.InteropServices;
using ModelCompiler.Testing;
using StbImageSharp;

namespace ModelCompiler.Aot.Tests;

/// <summary>The model of the sample ImageClassifier over the pictures that come with it, as a native program.</summary>
[Collection(nameof(PackageFeed))]
public sealed class ImageClassifierTests(PackageFeed feed)
{
    private const int Pixels = 28 * 28;

    // A line a picture, all bits of all probabilities; at the end the bytes that the calls have left on the heap.
    private const string Program = """
        using System.Runtime.InteropServices;
        using TestApp;

        using var classifier = new Fashion();
        var pictures = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(args[0])).ToArray();
        var y = new float[10];
        for (var start = 0; start < pictures.Length; start += 784)
        {
            classifier.Predict(pictures.AsSpan(start, 784), y);
            Console.WriteLine(string.Join(" ", y.Select(v => BitConverter.SingleToInt32Bits(v).ToString("X8", null))));
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            classifier.Predict(pictures.AsSpan(0, 784), y);
        }

        Console.WriteLine(GC.GetAllocatedBytesForCurrentThread() - before);
        """;

    private static readonly string Sample = Path.Combine(Repository.Root, "samples", "ImageClassifier");
    private static readonly string Model = Path.Combine(Sample, "Models", "fashion-mnist-int8.onnx");

    [MachineFact(Needs.NativeToolchain)]
    public void Native_binary_for_x64_gives_the_bits_of_the_jit()
    {
        var app = Create();
        var (binary, _) = app.Publish("linux-x64");

        Assert.Equal(Expected(), Lines(Command.Run(app.Folder, binary, "pictures.bin")));
    }

    [MachineFact(Needs.NativeToolchain | Needs.Arm64)]
    public void Native_binary_for_arm64_gives_the_bits_of_x64_with_and_without_dot_product()
    {
        var app = Create();
        var (binary, _) = app.Publish("linux-arm64");
        foreach (var processor in new[] { "cortex-a53", "cortex-a76" })
        {
            var said = Command.Run(app.Folder, Machine.Qemu, "-cpu", processor, "-L", "/usr/aarch64-linux-gnu", binary, "pictures.bin");
            Assert.Equal([processor, .. Expected()], [processor, .. Lines(said)]);
        }
    }

    private App Create() =>
        new(
            feed,
            "pictures",
            """<CompiledModel Include="fashion.onnx" />""",
            Program,
            ("fashion.onnx", File.ReadAllBytes(Model)),
            ("pictures.bin", [.. MemoryMarshal.AsBytes<float>(Pictures().SelectMany(p => p).ToArray())])
        );

    private static string[] Expected()
    {
        using var network = InProcess.Load(Model);
        return [.. Pictures().Select(p => InProcess.Bits(network, p)), "0"];
    }

    private static float[][] Pictures()
    {
        var pictures = Directory.GetFiles(Path.Combine(Sample, "images"), "*.png").Order(StringComparer.Ordinal).Select(Read).ToArray();
        Assert.Equal(10, pictures.Length);
        Assert.All(pictures, p => Assert.Equal(Pixels, p.Length));
        return pictures;
    }

    private static float[] Read(string file) =>
        [.. ImageResult.FromMemory(File.ReadAllBytes(file), ColorComponents.Grey).Data.Select(grey => grey / 255f)];

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
