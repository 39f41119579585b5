using Google.Protobuf;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Training.Architectures;
using ModelCompiler.Training.Data;
using ModelCompiler.Training.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Training.Architectures;

/// <summary>Every architecture in a size that compiles and learns in no time, with random data for it.</summary>
internal static class SmallNetworks
{
    public const int Classes = 3;

    public static Architecture Find(string name) => ArchitectureTable.All.Single(a => a.Name == name);

    public static TensorShape Item(Architecture architecture) =>
        architecture.Takes switch
        {
            ItemForm.Images => new(1, 16, 16),
            ItemForm.Sequences => new(5, 4),
            _ => new(12),
        };

    public static byte[] Create(Architecture architecture, int seed = 1) =>
        architecture.Create("small", Item(architecture), Classes, Size(architecture), seed).ToByteArray();

    public static ModelProto Create(string name, TensorShape item, int outputs = Classes, SizeChoices? size = null) =>
        Find(name).Create("network", item, outputs, size ?? new(), seed: 1);

    public static TrainableModel Open(byte[] model) => TrainableModel.Open(new ModelSource("small.onnx", model, _ => null));

    /// <summary>Random items, with random targets of the kind that the architecture learns.</summary>
    public static TrainingItems Items(TrainableModel model, Architecture architecture, int count)
    {
        var random = new Random(1);
        var item = Item(architecture);
        var x = new NamedTensor("x", new(ElementType.Float32, new TensorShape([count, .. item])), Floats(count * item.Elements));
        TensorShape targets = architecture.Learns == Learns.Maps ? new(count, item[1], item[2]) : new(count);
        long[] classes = [.. Enumerable.Range(0, targets.Elements).Select(_ => random.NextInt64(Classes))];
        var items = new NpzItems("random items", [x, new("y", new(ElementType.Int64, targets), classes)], inputs: null);
        return TrainingItems.Of(model, architecture.Learns == Learns.Items ? new ReconstructionItems(items) : items);

        float[] Floats(int elements) => [.. Enumerable.Range(0, elements).Select(_ => random.NextSingle())];
    }

    private static SizeChoices Size(Architecture architecture) =>
        new(
            architecture.Usual.Width is null ? null : 0.25,
            architecture.Usual.Hidden is null ? null : 32,
            architecture.Usual.Layers is null ? null : 2,
            architecture.Usual.Bottleneck is null ? null : 4
        );
}
