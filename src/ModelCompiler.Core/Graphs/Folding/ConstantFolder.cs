using ModelCompiler.Graphs.Movement;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Graphs.Folding;

/// <summary>Evaluates an operator on constants. Null where this set of element types is left to run time.</summary>
internal delegate Tensor[]? Evaluate<in TOperator>(TOperator op, IReadOnlyList<Tensor?> inputs, TensorType[] types)
    where TOperator : Operator;

/// <summary>Evaluates nodes whose inputs are all known, with one evaluator an operator; operators without one stay in the graph.</summary>
internal static class ConstantFolder
{
    /// <summary>Results larger than this many bytes are computed at run time, unless they are no larger than their inputs, or four times these for a Cast.</summary>
    private const int MaxGrowthBytes = 1 << 20;

    private static readonly Dictionary<Type, Evaluate<Operator>> Evaluators = Table();

    /// <summary>The outputs, or null where an input is not constant or no evaluator serves.</summary>
    public static Tensor[]? TryEvaluate(Operator op, IReadOnlyList<Value?> inputs, TensorType[] types)
    {
        if (inputs.Count == 0 || inputs.Any(i => i is { Constant: null }) || !Evaluators.TryGetValue(op.GetType(), out var evaluate))
        {
            return null;
        }

        // Weights in 16 bits that the model itself converts to float32 are weights all the same, and so are those that it reads
        // from a code book by indices of 8 bits, which Gather wants in 32.
        var inputBytes = inputs.Sum(i => (long)(i?.Type.Bytes ?? 0)) * (op is Cast ? 4 : 1);
        return types.Sum(t => (long)t.Bytes) > Math.Max(inputBytes, MaxGrowthBytes)
            ? null
            : evaluate(op, [.. inputs.Select(i => i?.Constant)], types);
    }

    /// <summary>
    /// The outputs of a node whose inputs are constant, dequantised weights included however large they are; null where it has no
    /// evaluator. For passes that run when nobody asks for the integers any more.
    /// </summary>
    public static Tensor[]? TryEvaluateWithWeights(Node node) =>
        node.Operator is DequantizeLinear dequantize && node.Inputs.All(i => i is { Constant: not null })
            ? QuantizationEvaluator.Dequantize(dequantize, [.. node.Inputs.Select(i => i!.Constant)], [node.Output.Type])
            : TryEvaluate(node.Operator, node.Inputs, [.. node.Outputs.Select(o => o.Type)]);

    private static Dictionary<Type, Evaluate<Operator>> Table()
    {
        var table = new Dictionary<Type, Evaluate<Operator>>();
        // One line an operator, in alphabetical order.
        Add<Binary>(FoldBinary.Evaluate);
        Add<BitCast>((_, inputs, types) => [Tensor.FromBytes(types[0], inputs[0]!.Bytes.ToArray())]);
        Add<Cast>(CastEvaluator.Evaluate);
        Add<Concat>(MovePlan.Evaluate);
        Add<Cumulative>(ScanEvaluator.Cumulative);
        Add<DepthToSpace>(MovePlan.Evaluate);
        Add<Expand>(MovePlan.Evaluate);
        Add<Gather>(GatherEvaluator.Evaluate);
        Add<GatherElements>(ScatterEvaluator.GatherElements);
        Add<GatherND>(ScatterEvaluator.GatherTuples);
        Add<Pad>(MovePlan.Evaluate);
        Add<QuantizeLinear>(QuantizationEvaluator.Quantize);
        Add<Reduce>(FoldReduce.Evaluate);
        Add<Reshape>((op, inputs, _) => [inputs[0]!.Reshape(op.Shape)]);
        Add<ScatterElements>(ScatterEvaluator.Elements);
        Add<ScatterND>(ScatterEvaluator.Tuples);
        Add<Slice>(MovePlan.Evaluate);
        Add<SpaceToDepth>(MovePlan.Evaluate);
        Add<Split>(MovePlan.Evaluate);
        Add<Tile>(MovePlan.Evaluate);
        Add<TopK>(ScanEvaluator.TopK);
        Add<Transpose>(MovePlan.Evaluate);
        Add<Unary>(FoldUnary.Evaluate);
        Add<Where>(FoldBinary.Where);
        return table;

        void Add<T>(Evaluate<T> evaluate)
            where T : Operator => table.Add(typeof(T), (op, inputs, types) => evaluate((T)op, inputs, types));
    }
}
