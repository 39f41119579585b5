using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Lowering.Kernels.Int8;
using ModelCompiler.Lowering.Kernels.Quantised;
using ModelCompiler.Lowering.Kernels.Recurrent;

namespace ModelCompiler.Lowering;

/// <summary>Chooses a kernel for a node; null where this form has none, which the caller reports.</summary>
internal delegate LoweredNode? LowerNode<in TOperator>(TOperator op, Node node, LoweringContext context)
    where TOperator : Operator;

/// <summary>Every operator that can be lowered. Reshape is not here: it is another view of the same buffer.</summary>
internal static class LoweringTable
{
    private static readonly Dictionary<Type, LowerNode<Operator>> Rules = Table();

    public static LoweredNode? Lower(Node node, LoweringContext context) =>
        Rules.TryGetValue(node.Operator.GetType(), out var lower) ? lower(node.Operator, node, context) : null;

    private static Dictionary<Type, LowerNode<Operator>> Table()
    {
        var table = new Dictionary<Type, LowerNode<Operator>>();
        // One line an operator, in alphabetical order.
        Add<ArgMax>(ArgMaxKernel.Lower);
        Add<AveragePool>(PoolKernel.LowerAveragePool);
        Add<Binary>(ElementwiseLowering.Lower);
        Add<BlockMatMul>(BlockMatMulKernel.Lower);
        Add<Cast>(ElementwiseLowering.Lower);
        Add<CloseGaps>(CloseGapsKernel.Lower);
        Add<Compress>(CompressKernel.Lower);
        Add<Concat>(MovementKernel.Lower);
        Add<Conv>(FloatLowering.Conv);
        Add<ConvTranspose>(PlainConvKernel.Lower);
        Add<Cumulative>(CumulativeKernel.Lower);
        Add<DeformableColumns>(DeformableColumnsKernel.Lower);
        Add<DepthToSpace>(MovementKernel.Lower);
        Add<DequantizeLinear>(DequantizeKernel.Lower);
        Add<Determinant>(DeterminantKernel.Lower);
        Add<DynamicQuantizeLinear>(DynamicQuantizeKernel.Lower);
        Add<ElementwiseChain>(ElementwiseLowering.Lower);
        Add<Expand>(MovementKernel.Lower);
        Add<Fail>(FailKernel.Lower);
        Add<FlipSign>(FlipSignKernel.Lower);
        Add<Fourier>(FourierKernel.Lower);
        Add<Gather>(GatherKernel.Lower);
        Add<GatherElements>(GatherElementsKernel.Lower);
        Add<GatherND>(GatherTuplesKernel.Lower);
        Add<GlobalAveragePool>(ReduceKernel.LowerGlobalAveragePool);
        Add<GlobalMaxPool>(ReduceKernel.LowerGlobalMaxPool);
        Add<If>(BranchKernel.Lower);
        Add<LayerNormalization>(LayerNormalizationKernel.Lower);
        Add<LinearAttention>(LinearAttentionKernel.Lower);
        Add<LookupTable>(LookupTableKernel.Lower);
        Add<Loop>(LoopKernel.Lower);
        Add<MatMul>(FloatLowering.MatMul);
        Add<MatrixInverse>(MatrixInverseKernel.Lower);
        Add<MaxPool>(PoolKernel.LowerMaxPool);
        Add<NonMaxSuppression>(NonMaxSuppressionKernel.Lower);
        Add<NonZero>(NonZeroKernel.Lower);
        Add<OneHot>(OneHotKernel.Lower);
        Add<Pad>(MovementKernel.Lower);
        Add<PairwiseCoupling>(PairwiseCouplingKernel.Lower);
        Add<QuantizeChannelsLast>(QuantizeInterleavedKernel.Lower);
        Add<QuantizeLinear>(QuantizeKernel.Lower);
        Add<QuantizedAveragePool>(QuantizedAveragePoolKernel.Lower);
        Add<QuantizedBinary>(QuantizedBinaryKernel.Lower);
        Add<QuantizedConv>(Int8Lowering.Convolution);
        Add<QuantizedGlobalAveragePool>(QuantizedGlobalAveragePoolKernel.Lower);
        Add<QuantizedMatMul>(Int8Lowering.MatrixProduct);
        Add<QuantizedSoftmax>(QuantizedSoftmaxKernel.Lower);
        Add<RecurrentLayer>(RecurrentKernel.Lower);
        Add<Reduce>(ReduceKernel.Lower);
        Add<Resize>(ResizeKernel.Lower);
        Add<RoiAlign>(RoiAlignKernel.Lower);
        Add<ScatterElements>(ScatterElementsKernel.Lower);
        Add<ScatterND>(ScatterTuplesKernel.Lower);
        Add<ShortTimeFourier>(FourierKernel.Lower);
        Add<Slice>(MovementKernel.Lower);
        Add<Softmax>(SoftmaxKernel.Lower);
        Add<SpaceToDepth>(MovementKernel.Lower);
        Add<Split>(MovementKernel.Lower);
        Add<Tile>(MovementKernel.Lower);
        Add<TopK>(TopKKernel.Lower);
        Add<Transpose>(MovementKernel.Lower);
        Add<TreeEnsemble>(ForestKernel.Lower);
        Add<Unary>(ElementwiseLowering.Lower);
        Add<Unique>(UniqueKernel.Lower);
        Add<Where>(ElementwiseLowering.Lower);
        return table;

        void Add<T>(LowerNode<T> lower)
            where T : Operator => table.Add(typeof(T), (op, node, context) => lower((T)op, node, context));
    }
}
