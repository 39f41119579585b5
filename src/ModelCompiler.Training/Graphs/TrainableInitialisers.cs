using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Operators;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Training.Graphs;

/// <summary>What training does with a tensor of the file.</summary>
internal enum ParameterRole
{
    /// <summary>The optimiser changes it.</summary>
    Weight,

    /// <summary>A running mean or variance, which follows the batches.</summary>
    Statistic,
}

/// <summary>A constant of the file that training may change.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Role">How it is changed.</param>
/// <param name="Constant">The elements in the file.</param>
/// <param name="Grid">How integers stand for the numbers that are trained; null for floats.</param>
internal sealed record TrainableInitialiser(
    string Name,
    ParameterRole Role,
    ModelCompiler.Graphs.Tensor Constant,
    QuantizationGrid? Grid = null
)
{
    /// <summary>The numbers that are trained.</summary>
    public float[] Reals()
    {
        if (Grid is null)
        {
            return Constant.ToFloats();
        }

        return new QuantisedConstant(Name, Constant, Grid).Reals();
    }
}

/// <summary>Finds the constants that training may change, and makes inputs of them, so that import folds nothing into them.</summary>
internal static class TrainableInitialisers
{
    /// <summary>Inputs that decide what is computed, or in which quanta; they stay what they are.</summary>
    private static readonly Dictionary<string, int[]> Fixed = new(StringComparer.Ordinal)
    {
        ["Clip"] = [1, 2],
        ["DequantizeLinear"] = [1, 2],
        ["Dropout"] = [1, 2],
        ["OneHot"] = [0, 1, 2],
        ["Pad"] = [1, 2, 3],
        ["Pow"] = [1],
        ["QuantizeLinear"] = [1, 2],
        ["Range"] = [0, 1, 2],
        ["Resize"] = [1, 2, 3],
        ["Upsample"] = [1],
    };

    /// <summary>Operators of which even a single number is a weight; elsewhere it is taken for a part of the formula.</summary>
    private static readonly HashSet<string> Weighted =
    [
        "BatchNormalization",
        "Conv",
        "ConvTranspose",
        "FusedConv",
        "FusedGemm",
        "FusedMatMul",
        "Gemm",
        "GroupNormalization",
        "GRU",
        "InstanceNormalization",
        "LayerNormalization",
        "LSTM",
        "MatMul",
        "PRelu",
        "RMSNormalization",
        "RNN",
    ];

    /// <summary>The constants, in the order of the file; the model's Constant nodes have become initialisers.</summary>
    public static IReadOnlyList<TrainableInitialiser> Find(OnnxModel model) =>
        [.. model.Graph.Initializer.Select(i => Find(model, i)).OfType<TrainableInitialiser>()];

    /// <summary>Makes an input of each, behind the model's own.</summary>
    public static void MakeInputs(OnnxModel model, IEnumerable<TrainableInitialiser> parameters)
    {
        foreach (var parameter in parameters)
        {
            if (parameter.Grid is not null)
            {
                Requantise(model, parameter);
            }

            model.Graph.Initializer.Remove(model.Graph.Initializer.First(i => i.Name == parameter.Name));
            model.Graph.Input.Add(OnnxMessages.Port(parameter.Name, new TensorType(ElementType.Float32, parameter.Constant.Shape)));
        }

        model.NodesChanged();
    }

    private static TrainableInitialiser? Find(OnnxModel model, TensorProto proto)
    {
        var readers = model.Consumers(proto.Name).ToList();
        if (readers.Count == 0 || model.IsOutput(proto.Name) || readers.Any(HasBodies))
        {
            return null;
        }

        var element = (ElementType)proto.DataType;
        if (element.IsInteger())
        {
            return readers is [{ OpType: "DequantizeLinear" } node] && node.Input[0] == proto.Name
                ? Quantised(model, proto.Name, node)
                : null;
        }

        if (element != ElementType.Float32 || readers.Any(node => IsFixed(node, proto.Name)))
        {
            return null;
        }

        var elements = proto.Dims.Aggregate(1L, (product, size) => product * size);
        return elements > 1 || (elements == 1 && readers.Any(node => Weighted.Contains(node.OpType)))
            ? new(
                proto.Name,
                readers.Any(n => IsStatistic(n, proto.Name)) ? ParameterRole.Statistic : ParameterRole.Weight,
                Read(model, proto.Name)
            )
            : null;
    }

    private static TrainableInitialiser? Quantised(OnnxModel model, string name, NodeProto node)
    {
        Read(model, name);
        return QuantisedConstant.Of(model, node) is { } quantised
            ? new(name, ParameterRole.Weight, quantised.Integers, quantised.Grid)
            : null;
    }

    /// <summary>
    /// Puts QuantizeLinear in front of the DequantizeLinear that reads quantised weights, so that real numbers can take their place.
    /// Those of 32 bits are too fine for that to matter: they are read as they are.
    /// </summary>
    private static void Requantise(OnnxModel model, TrainableInitialiser parameter)
    {
        var node = model.Consumers(parameter.Name).Single();
        if (parameter.Constant.Element.SizeInBytes() > 2)
        {
            node.OpType = "Identity";
            node.Domain = "";
            node.Attribute.Clear();
            while (node.Input.Count > 1)
            {
                node.Input.RemoveAt(1);
            }

            return;
        }

        var zero = node.Input.Count > 2 && node.Input[2].Length > 0 ? node.Input[2] : ZeroPoint(model, parameter, node.Input[1]);
        var quantised = model.UniqueName($"{parameter.Name}_quantised");
        var quantize = OnnxMessages.Node(quantised, "QuantizeLinear", [parameter.Name, node.Input[1], zero], quantised);
        quantize.Domain = node.Domain;
        quantize.Attribute.AddRange(node.Attribute.Where(a => a.Name is "axis" or "block_size").Select(a => a.Clone()));
        model.Graph.Node.Insert(model.Graph.Node.IndexOf(node), quantize);
        node.Input[0] = quantised;
        model.NodesChanged();
    }

    private static string ZeroPoint(OnnxModel model, TrainableInitialiser parameter, string scale)
    {
        var shape = model.Constant(scale)!.Shape;
        var type = new TensorType(parameter.Constant.Element, shape);
        // Elements of fewer than eight bits lie packed in a file; zeros are zeros in any case.
        var bytes = new byte[((shape.Elements * type.Element.BitsInFile()) + 7) / 8];
        return model.AddConstant<byte>($"{parameter.Name}_zero_point", type.Element, shape, bytes);
    }

    private static ModelCompiler.Graphs.Tensor Read(OnnxModel model, string name)
    {
        try
        {
            return model.Constant(name)!;
        }
        catch (Exception e) when (e is ShapeException or Diagnostics.ProblemException)
        {
            throw new TrainingException($"the tensor '{name}' cannot be read: {e.Message}", e);
        }
    }

    private static bool IsStatistic(NodeProto node, string name) =>
        node.OpType == "BatchNormalization" && (Reads(node, 3, name) || Reads(node, 4, name));

    private static bool IsFixed(NodeProto node, string name) =>
        (Fixed.TryGetValue(node.OpType, out var inputs) && inputs.Any(i => Reads(node, i, name)))
        || node.OpType.StartsWith("QLinear", StringComparison.Ordinal)
        || node.Domain == OnnxDomains.MachineLearning;

    private static bool Reads(NodeProto node, int input, string name) => input < node.Input.Count && node.Input[input] == name;

    private static bool HasBodies(NodeProto node) => node.Attribute.Any(a => a.G is not null || a.Graphs.Count > 0);
}
