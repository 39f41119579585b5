using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>
/// Lifts a model to opset 13, the first whose QuantizeLinear has a scale for each channel: attributes that became inputs move there,
/// and defaults that changed are written out. Where more is wanted, to opset 21, the first with integers of 4 and 16 bits.
/// </summary>
internal sealed partial class OpsetUpgrade
{
    private const long Wanted = 13;
    private const long Oldest = 7;

    // Operators that mean the same in opset 7 (or the one that brought them) and 13.
    private static readonly HashSet<string> Unchanged = new(
        """
        Abs Acos Add And ArgMax ArgMin Asin Atan AveragePool BatchNormalization Cast Ceil Compress Concat Constant ConstantOfShape Conv
        ConvTranspose Cos CumSum DepthToSpace Div Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gemm
        GlobalAveragePool GlobalMaxPool Greater HardSigmoid Identity InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less Log
        LpNormalization MatMul Max MaxPool Mean Min Mod Mul Neg NonZero Not OneHot Or PRelu Pow RNN Range Reciprocal ReduceL1 ReduceL2
        ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare Relu Reshape Round ScatterElements ScatterND
        Selu Shape Sigmoid Sign Sin Size Softplus Softsign SpaceToDepth Sqrt Sub Sum Tan Tanh ThresholdedRelu Tile Transpose Where Xor
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        StringComparer.Ordinal
    );

    private readonly OnnxModel _model;
    private readonly Func<string, int?> _rankOf;

    private OpsetUpgrade(OnnxModel model, Func<string, int?> rankOf)
    {
        _model = model;
        _rankOf = rankOf;
    }

    /// <summary>Lifts the model where it is older.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Its name for messages.</param>
    /// <param name="rankOf">The number of dimensions of a value; null where it is not known.</param>
    /// <param name="wanted">The opset that is needed: 13 or 21.</param>
    /// <exception cref="CompressionException">An operator has no equal in the wanted opset that this class knows.</exception>
    public static void Apply(OnnxModel model, string path, Func<string, int?> rankOf, long wanted = Wanted)
    {
        if (model.Proto.OpsetImport.All(o => OnnxDomains.Normalise(o.Domain).Length > 0))
        {
            model.Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = Wanted });
        }

        var upgrade = new OpsetUpgrade(model, rankOf);
        if (model.Opset < Wanted)
        {
            upgrade.LiftTo(Wanted, irVersion: 7, path, upgrade.TryLift);
        }

        if (model.Opset < wanted)
        {
            upgrade.LiftTo(Later, irVersion: 10, path, upgrade.TryLiftFurther);
        }
    }

    private void LiftTo(long wanted, long irVersion, string path, Func<NodeProto, bool> lift)
    {
        if (_model.Opset < Oldest)
        {
            throw new CompressionException(
                $"{path}: the model has opset {_model.Opset}; models of opset {Oldest} and newer can be lifted to {wanted}, which is needed here"
            );
        }

        foreach (var node in _model.Graph.Node.Where(n => OnnxDomains.Normalise(n.Domain).Length == 0).ToList())
        {
            if (!lift(node))
            {
                throw new CompressionException(
                    $"{path}: node '{node.Name}' ({node.OpType}) cannot be lifted from opset {_model.Opset} to {wanted}, which is needed here; export the model with opset {wanted} or newer"
                );
            }
        }

        _model.Proto.OpsetImport.First(o => OnnxDomains.Normalise(o.Domain).Length == 0).Version = wanted;
        _model.Proto.IrVersion = Math.Max(_model.Proto.IrVersion, irVersion);
        _model.NodesChanged();
    }

    private bool TryLift(NodeProto node)
    {
        switch (node.OpType)
        {
            case "BatchNormalization":
                return Take(node, "spatial")?.I is null or 1;
            case "Clip" when _model.Opset < 11:
                MoveFloat(node, "min", 1);
                MoveFloat(node, "max", 2);
                return true;
            case "Dropout":
                Take(node, "ratio");
                node.OpType = "Identity";
                return node.Output.Count == 1;
            case "Pad" when _model.Opset < 11:
                MoveInts(node, "pads", 1);
                MoveFloat(node, "value", 2);
                return true;
            case "Slice" when _model.Opset < 10:
                MoveInts(node, "starts", 1);
                MoveInts(node, "ends", 2);
                MoveInts(node, "axes", 3);
                return true;
            case "Squeeze" or "Unsqueeze" or "ReduceSum":
                MoveInts(node, "axes", 1);
                return true;
            case "Split":
                MoveInts(node, "split", 1);
                return true;
            case "Softmax" or "LogSoftmax" or "Hardmax":
                return TryNameLastAxis(node);
            case "Upsample" or "Resize" when _model.Opset < 11:
                return TryMakeResize(node);
            case "Clip" or "Pad" or "Slice" or "Resize" or "TopK" when _model.Opset >= 11:
            case "Slice" when _model.Opset >= 10:
                return true;
            default:
                return Unchanged.Contains(node.OpType);
        }
    }

    /// <summary>Before opset 13 these worked on all dimensions from the axis on, by default from the second.</summary>
    private bool TryNameLastAxis(NodeProto node)
    {
        var axis = Take(node, "axis")?.I ?? 1;
        node.Attribute.Add(OnnxMessages.Attribute("axis", -1L));
        return axis == -1 || (_rankOf(node.Input[0]) is { } rank && axis == rank - 1);
    }

    /// <summary>Upsample, and Resize of opset 10, place pixels as Resize does with asymmetric coordinates.</summary>
    private bool TryMakeResize(NodeProto node)
    {
        var scales = Take(node, "scales") is { } attribute
            ? _model.AddConstant<float>($"{node.Output[0]}/scales", ElementType.Float32, [attribute.Floats.Count], [.. attribute.Floats])
            : node.Input[1];
        (node.OpType, var x) = ("Resize", node.Input[0]);
        node.Input.Clear();
        node.Input.AddRange([x, "", scales]);
        node.Attribute.Add(OnnxMessages.Attribute("coordinate_transformation_mode", "asymmetric"));
        node.Attribute.Add(OnnxMessages.Attribute("nearest_mode", "floor"));
        return true;
    }

    private void MoveInts(NodeProto node, string name, int index)
    {
        if (Take(node, name) is { } attribute)
        {
            SetInput(
                node,
                index,
                _model.AddConstant<long>($"{node.Output[0]}/{name}", ElementType.Int64, [attribute.Ints.Count], [.. attribute.Ints])
            );
        }
    }

    private void MoveFloat(NodeProto node, string name, int index)
    {
        if (Take(node, name) is { } attribute)
        {
            SetInput(node, index, _model.AddConstant<float>($"{node.Output[0]}/{name}", ElementType.Float32, [], [attribute.F]));
        }
    }

    private static void SetInput(NodeProto node, int index, string value)
    {
        while (node.Input.Count <= index)
        {
            node.Input.Add("");
        }

        node.Input[index] = value;
    }

    /// <summary>Removes an attribute.</summary>
    private static AttributeProto? Take(NodeProto node, string name)
    {
        var attribute = node.Attribute.FirstOrDefault(a => a.Name == name);
        if (attribute is not null)
        {
            node.Attribute.Remove(attribute);
        }

        return attribute;
    }
}
