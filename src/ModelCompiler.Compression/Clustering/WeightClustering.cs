using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Clustering;

/// <summary>Choices for <see cref="WeightClustering"/>.</summary>
/// <param name="Clusters">How many different values the weights of a tensor or channel may have, 2 to 256.</param>
public sealed record ClusteringOptions(int Clusters)
{
    /// <summary>Whether each output channel has values of its own, where these lie along one dimension of a tensor.</summary>
    public bool PerChannel { get; init; }

    /// <summary>Where the values start, in tensors too large for the best division.</summary>
    public Initialisation Initialisation { get; init; } = Initialisation.PlusPlus;

    /// <summary>Decides the random start.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Which layers are clustered; by default all.</summary>
    public Func<string, bool> Layers { get; init; } = _ => true;

    /// <summary>Sizes of symbolic dimensions.</summary>
    public CompileOptions Compile { get; init; } = new();
}

/// <summary>What clustering did to a layer.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Weights">Number of weights.</param>
/// <param name="Entries">Values of its code book, in each row of it.</param>
/// <param name="Rows">Rows of the code book: 1, or one an output channel.</param>
/// <param name="RelativeError">Root of the sum of the squared changes over that of the squared weights.</param>
public sealed record ClusteredLayer(string Layer, int Weights, int Entries, int Rows, double RelativeError);

/// <summary>A model whose weights are indices into code books.</summary>
/// <param name="Model">Content of the ONNX file.</param>
/// <param name="Layers">What was clustered.</param>
public sealed record ClusteredModel(byte[] Model, IReadOnlyList<ClusteredLayer> Layers);

/// <summary>
/// Lets weights share few values. The file has them as standard operators: indices of 8 bits, a Cast that Gather needs, and a Gather from
/// the code book.
/// </summary>
public static class WeightClustering
{
    private const int MaxClusters = 256;
    private const int FirstOpsetWithGatherElements = 11;

    /// <summary>Clusters the weights of a model, float or of integer weights behind DequantizeLinear.</summary>
    /// <exception cref="CompressionException">The model or the options cannot be used.</exception>
    public static ClusteredModel Run(ModelSource source, ClusteringOptions options, CancellationToken cancellation = default)
    {
        if (options.Clusters is < 2 or > MaxClusters)
        {
            throw new CompressionException($"weights share between 2 and {MaxClusters} values, which {options.Clusters} is not");
        }

        var model = CompressibleModel.Read(source);
        if (options.PerChannel && model.Opset < FirstOpsetWithGatherElements)
        {
            var shapes = ValueShapes.Of(model, source.Path, options.Compile);
            OpsetUpgrade.Apply(model, source.Path, value => shapes.Find(value)?.Rank);
        }

        // Weights of 4 bits have at most 16 values as they are.
        var weights = WeightTensor
            .AllOf(model)
            .Where(w => options.Layers(w.Layer) && w.Weights.Shape.Elements > 0)
            .Where(w => w.Quantised is null || !PackedElements.ArePacked(w.Quantised.Integers.Element))
            .ToList();
        if (weights.Count == 0)
        {
            throw new CompressionException(
                $"{source.Path}: no layer has constant weights, float32 or integers of 8 or more bits, to cluster"
            );
        }

        var (nodes, layers) = (new List<NodeProto>(), new List<ClusteredLayer>());
        foreach (var weight in weights)
        {
            cancellation.ThrowIfCancellationRequested();
            var shared = SharedElements.Of(source.Path, weight, AxisOf(weight, options));
            var book = CodeBook.Of(shared.Elements, weight.Weights.Shape, AxisOf(weight, options), options, weight.Quantised is not null);
            Write(model, weight, book, shared, nodes);
            layers.Add(new(weight.Layer, shared.Elements.Length, book.Entries, book.Rows, Error(shared, book, weight, options)));
        }

        model.SetNodes([.. nodes, .. model.Graph.Node]);
        model.RemoveUnusedConstants();
        return new ClusteredModel(model.Proto.ToByteArray(), layers);
    }

    // The output channels of a transposed convolution in groups do not lie along one dimension.
    private static int? AxisOf(WeightTensor weight, ClusteringOptions options) =>
        options.PerChannel && (weight.Group == 1 || weight.OutputAxis == 0) ? weight.OutputAxis : null;

    private static void Write(OnnxModel model, WeightTensor weight, CodeBook book, SharedElements shared, List<NodeProto> nodes)
    {
        var (shape, name) = (weight.Weights.Shape, weight.Name);
        var form = GatherForm.Of(shape, book.Rows > 1 ? weight.OutputAxis : null, shared.InFile(book));
        var indices = model.AddConstant<byte>($"{name}/indices", ElementType.UInt8, form.Indices, book.Indices);
        var values = model.AddConstant<byte>($"{name}/code_book", shared.Element, form.Book, shared.Bytes(form.Values));
        var positions = model.UniqueName($"{name}/positions");
        nodes.Add(OnnxMessages.Node(positions, "Cast", [indices], positions, OnnxMessages.Attribute("to", (long)ElementType.Int32)));
        var result = model.UniqueName($"{name}/clustered");
        if (form.Axis is { } axis)
        {
            var gathered = model.UniqueName($"{name}/gathered");
            nodes.Add(
                OnnxMessages.Node(gathered, "GatherElements", [values, positions], gathered, OnnxMessages.Attribute("axis", (long)axis))
            );
            var sizes = model.AddConstant<long>($"{name}/shape", ElementType.Int64, [shape.Rank], [.. shape.Select(d => (long)d)]);
            nodes.Add(OnnxMessages.Node(result, "Reshape", [gathered, sizes], result));
        }
        else
        {
            nodes.Add(OnnxMessages.Node(result, "Gather", [values, positions], result));
        }

        foreach (var node in model.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                node.Input[i] = node.Input[i] == name ? result : node.Input[i];
            }
        }

        model.NodesChanged();
    }

    /// <summary>
    /// How indices and code book lie in the file. GatherElements, which chooses from a row for each channel, wants as many dimensions on
    /// both sides, of the same sizes but for the one along which it chooses.
    /// </summary>
    private sealed record GatherForm(IEnumerable<int> Indices, int[] Book, float[] Values, int? Axis)
    {
        public static GatherForm Of(TensorShape shape, int? channelAxis, CodeBook book)
        {
            if (channelAxis is not { } axis)
            {
                return new GatherForm(shape, [book.Entries], book.Values, null);
            }

            var (outer, channels, inner) = (shape.Product(0, axis), shape[axis], shape.Product(axis + 1, shape.Rank));
            return outer == 1 ? new GatherForm([channels, inner], [channels, book.Entries], book.Values, 1)
                : inner == 1 ? new GatherForm([outer, channels], [book.Entries, channels], Transposed(book), 0)
                : new GatherForm([outer, channels, inner], [outer, channels, book.Entries], Repeated(book, outer), 2);
        }
    }

    private static float[] Transposed(CodeBook book) =>
        [.. Enumerable.Range(0, book.Values.Length).Select(i => book.Values[(i % book.Rows * book.Entries) + (i / book.Rows)])];

    private static float[] Repeated(CodeBook book, int times) => [.. Enumerable.Repeat(book.Values, times).SelectMany(v => v)];

    private static double Error(SharedElements shared, CodeBook book, WeightTensor weight, ClusteringOptions options)
    {
        var shape = weight.Weights.Shape;
        var inner = AxisOf(weight, options) is { } axis ? shape.Product(axis + 1, shape.Rank) : shape.Elements;
        var (error, all) = (0.0, 0.0);
        for (var i = 0; i < shared.Elements.Length; i++)
        {
            var scale = (double)(weight.Quantised?.Scale(i) ?? 1);
            var value = scale * book.Values[(i / inner % book.Rows * book.Entries) + book.Indices[i]];
            var original = scale * shared.Elements[i];
            error += (original - value) * (original - value);
            all += original * original;
        }

        return all > 0 ? Math.Sqrt(error / all) : 0;
    }
}
