using ModelCompiler.Compression.Onnx;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Says which channels of a node's inputs, constants and outputs go together.</summary>
/// <returns>False where nothing of the node can be removed.</returns>
internal delegate bool CouplingRule(Coupling coupling, NodeProto node);

/// <summary>The table of rules. All shapes are known where a rule is asked. Of operators without one nothing is removed.</summary>
internal static class CouplingRules
{
    private static readonly Dictionary<string, CouplingRule> Rules = Table();

    public static CouplingRule? Find(NodeProto node) =>
        OnnxDomains.Normalise(node.Domain).Length == 0 ? Rules.GetValueOrDefault(node.OpType) : null;

    private static Dictionary<string, CouplingRule> Table()
    {
        var rules = new Dictionary<string, CouplingRule>(StringComparer.Ordinal)
        {
            ["BatchNormalization"] = NormalisationCoupling.Batch,
            ["Concat"] = MovementCoupling.Concat,
            ["Conv"] = ProductCoupling.Conv,
            ["ConvTranspose"] = ProductCoupling.ConvTranspose,
            ["DequantizeLinear"] = QuantisationCoupling.Apply,
            ["Expand"] = MovementCoupling.Expand,
            ["Flatten"] = ReshapeCoupling.Apply,
            ["Gather"] = MovementCoupling.Gather,
            ["Gemm"] = ProductCoupling.Gemm,
            ["InstanceNormalization"] = NormalisationCoupling.Instance,
            ["LayerNormalization"] = NormalisationCoupling.Layer,
            ["LogSoftmax"] = NormalisationCoupling.Softmax,
            ["MatMul"] = ProductCoupling.MatMul,
            ["Pad"] = MovementCoupling.Pad,
            ["QuantizeLinear"] = QuantisationCoupling.Apply,
            ["Reshape"] = ReshapeCoupling.Apply,
            ["Resize"] = MovementCoupling.Resize,
            ["Shape"] = MovementCoupling.Shape,
            ["Slice"] = MovementCoupling.Slice,
            ["Softmax"] = NormalisationCoupling.Softmax,
            ["Split"] = MovementCoupling.Split,
            ["Squeeze"] = ReshapeCoupling.Apply,
            ["Transpose"] = MovementCoupling.Transpose,
            ["Unsqueeze"] = ReshapeCoupling.Apply,
        };
        Add(
            Elementwise,
            """
            Abs Add And Cast Ceil Celu Clip Cos Div Dropout Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Identity
            IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign
            Sin Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Where Xor
            """
        );
        Add(Pool, "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool");
        Add(
            NormalisationCoupling.Reduce,
            "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"
        );
        return rules;

        void Add(CouplingRule rule, string operators)
        {
            foreach (var name in operators.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                rules.Add(name, rule);
            }
        }
    }

    /// <summary>The output has the places of each input that is not broadcast there.</summary>
    private static bool Elementwise(Coupling coupling, NodeProto node)
    {
        foreach (var value in node.Input.Concat(node.Output.Skip(1)).Where(v => v.Length > 0))
        {
            coupling.JoinBroadcast(value, node.Output[0]);
        }

        return true;
    }

    /// <summary>Batch and channels pass through; pixels stay.</summary>
    private static bool Pool(Coupling coupling, NodeProto node)
    {
        foreach (var output in node.Output.Where(o => o.Length > 0))
        {
            coupling.Join(node.Input[0], 0, output, 0);
            coupling.Join(node.Input[0], 1, output, 1);
            FixFrom(coupling, 2, node.Input[0], output);
        }

        // Positions within the whole tensor would count what is no longer there.
        return node.Output.Skip(1).All(o => o.Length == 0);
    }

    /// <summary>The dimensions from one on keep their sizes.</summary>
    public static void FixFrom(Coupling coupling, int first, params IEnumerable<string> values)
    {
        foreach (var value in values)
        {
            for (var axis = first; axis < coupling.Shape(value)!.Rank; axis++)
            {
                coupling.Fix(value, axis);
            }
        }
    }

    /// <summary>The whole numbers of an attribute or, where the operator has them there since some version, of a constant input.</summary>
    /// <returns>Null where they are missing or not constant.</returns>
    public static IReadOnlyList<long>? Numbers(OnnxModel model, NodeProto node, string attribute, int input) =>
        OnnxMessages.Find(node, attribute) is { } given ? given.Ints
        : node.Input.Count > input && node.Input[input].Length > 0 ? model.Constant(node.Input[input])?.ToLongs()
        : null;
}
