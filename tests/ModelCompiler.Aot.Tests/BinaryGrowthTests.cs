using ModelCompiler.Testing;
using Xunit.Abstractions;

namespace ModelCompiler.Aot.Tests;

/// <summary>How much a program grows by a compressed network: streams, code books, biases, code, and whatever else comes with it.</summary>
[Collection(nameof(PackageFeed))]
public sealed class BinaryGrowthTests(PackageFeed feed, ITestOutputHelper log)
{
    private const string Program = """
        var x = new float[784];
        var y = new float[10];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = (i * 37 % 256) / 255f;
        }

        // The network.
        Console.WriteLine(string.Join(' ', y.Select(v => BitConverter.SingleToInt32Bits(v).ToString("X8", null))));
        """;

    private const string Prediction = """
        using var network = new TestApp.Lenet();
        network.Predict(x, y);
        """;

    /// <summary>What the networks in the binary have to be smaller by than their parameters as float32.</summary>
    private static readonly (string Name, OnnxModelBuilder Model, int Parameters, double Ratio)[] Networks =
    [
        ("lenet300", PrunedNetworks.LeNet300(density: 0.07, clusters: 32), PrunedNetworks.LeNet300Parameters, 34),
        ("lenet5", PrunedNetworks.LeNet5(clusters: 32), PrunedNetworks.LeNet5Parameters, 30),
    ];

    [MachineFact(Needs.NativeToolchain)]
    public void Pruned_and_clustered_networks_grow_the_binary_by_a_thirtieth_of_their_float_weights()
    {
        // The same instructions in both: they change the size of the class library.
        var (without, _) = App.WithoutPackage(feed, "without", "", Program).Publish("linux-x64", "-p:IlcInstructionSet=x86-64-v3");
        foreach (var (name, builder, parameters, least) in Networks)
        {
            var model = builder.ToBytes();
            var (with, _) = Create(name, model).Publish("linux-x64");
            var (file, loaded) = (
                new FileInfo(with).Length - new FileInfo(without).Length,
                ElfFile.LoadedBytes(with) - ElfFile.LoadedBytes(without)
            );
            var ratio = parameters * (double)sizeof(float) / Math.Max(file, loaded);

            log.WriteLine(
                FormattableString.Invariant(
                    $"{name}: {parameters * sizeof(float)} bytes as float32; the file grows by {file}, what it loads by {loaded}: {ratio:F1} times less"
                )
            );
            Assert.Equal(Expected(name, model), Command.Run(feed.Root, with).TrimEnd());
            Assert.True(ratio >= least, $"{name}: the file grows by {file} bytes, what it loads by {loaded}");
        }
    }

    private App Create(string name, byte[] model) =>
        new(
            feed,
            name,
            $"""<CompiledModel Include="{name}.onnx" ClassName="Lenet" Weights="smallest" />""",
            Program.Replace("// The network.", Prediction, StringComparison.Ordinal),
            ($"{name}.onnx", model)
        );

    /// <summary>What the same network with dense weights gives in this process.</summary>
    private static string Expected(string name, byte[] model)
    {
        using var network = InProcess.Load($"{name}.onnx", model);
        return InProcess.Bits(network, [.. Enumerable.Range(0, 784).Select(i => (i * 37 % 256) / 255f)]);
    }
}
