using System.Globalization;
using ModelCompiler.Cli.Publishing;
using ModelCompiler.Testing;
using ModelCompiler.Verification;
using Xunit.Abstractions;

namespace ModelCompiler.Aot.Tests;

/// <summary>
/// How much a program grows by a compressed network, as <c>modelc report --published</c> measures it: streams, code books, biases, code, and
/// whatever else comes with it.
/// </summary>
public sealed class BinaryGrowthTests(ITestOutputHelper log) : IDisposable
{
    /// <summary>What the networks in the binary have to be smaller by than their parameters as float32.</summary>
    private static readonly (string Name, OnnxModelBuilder Model, int Parameters, double Ratio)[] Networks =
    [
        ("lenet300", PrunedNetworks.LeNet300(density: 0.07, clusters: 32), PrunedNetworks.LeNet300Parameters, 34),
        ("lenet5", PrunedNetworks.LeNet5(clusters: 32), PrunedNetworks.LeNet5Parameters, 30),
    ];

    private readonly ModelFolder _models = new();

    [MachineFact(Needs.NativeToolchain)]
    public void Pruned_and_clustered_networks_grow_the_binary_by_a_thirtieth_of_their_float_weights()
    {
        using var programs = new NativeProgram(Target.Auto);
        foreach (var (name, builder, parameters, least) in Networks)
        {
            var model = builder.ToBytes();
            var opened = ModelCase.Open(_models.Add(name, model), new CompileOptions { Weights = WeightChoice.Smallest });
            var program = programs.Publish(opened, name, CancellationToken.None);
            var (file, loaded) = (program.Growth.FileBytes, program.Growth.LoadedBytes);
            var ratio = parameters * (double)sizeof(float) / Math.Max(file, loaded);

            log.WriteLine(
                FormattableString.Invariant(
                    $"{name}: {parameters * sizeof(float)} bytes as float32; the file grows by {file}, what it loads by {loaded}: {ratio:F1} times less"
                )
            );
            Assert.Equal(Expected(name, model), Bits(Command.Run(_models.Root, program.Path)));
            Assert.True(ratio >= least, $"{name}: the file grows by {file} bytes, what it loads by {loaded}");
        }
    }

    public void Dispose() => _models.Dispose();

    /// <summary>What the same network with dense weights gives in this process for the inputs of the program.</summary>
    private static string Expected(string name, byte[] model)
    {
        using var network = InProcess.Load($"{name}.onnx", model);
        return InProcess.Bits(network, [.. Enumerable.Range(0, 784).Select(i => (i * 37 % 256) / 255f)]);
    }

    /// <summary>The bits of the floats that the program has written, a line each.</summary>
    private static string Bits(string lines) =>
        string.Join(
            ' ',
            lines
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line =>
                    BitConverter
                        .SingleToInt32Bits(float.Parse(line, CultureInfo.InvariantCulture))
                        .ToString("X8", CultureInfo.InvariantCulture)
                )
        );
}
