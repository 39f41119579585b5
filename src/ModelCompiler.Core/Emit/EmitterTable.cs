using ModelCompiler.Emit.Chains;
using ModelCompiler.Emit.Kernels;
using ModelCompiler.Emit.Kernels.ControlFlow;
using ModelCompiler.Emit.Kernels.Elementwise;
using ModelCompiler.Emit.Kernels.Int8;
using ModelCompiler.Emit.Kernels.Int8.Streams;
using ModelCompiler.Emit.Kernels.Quantised;
using ModelCompiler.Emit.Kernels.Recurrent;
using ModelCompiler.Lowering;
using ModelCompiler.Lowering.Chains;
using ModelCompiler.Lowering.Kernels;
using ModelCompiler.Lowering.Kernels.ControlFlow;
using ModelCompiler.Lowering.Kernels.Int8;
using ModelCompiler.Lowering.Kernels.Int8.Streams;
using ModelCompiler.Lowering.Kernels.Quantised;
using ModelCompiler.Lowering.Kernels.Recurrent;

namespace ModelCompiler.Emit;

/// <summary>Writes the body of the method for one variant of a kernel.</summary>
internal delegate void EmitKernel<in TKernel>(TKernel kernel, KernelWriter writer)
    where TKernel : Kernel;

/// <summary>Every kernel with its emitter.</summary>
internal static class EmitterTable
{
    private static readonly Dictionary<Type, EmitKernel<Kernel>> Emitters = Table();

    public static void Emit(Kernel kernel, KernelWriter writer) => Emitters[kernel.GetType()](kernel, writer);

    private static Dictionary<Type, EmitKernel<Kernel>> Table()
    {
        var table = new Dictionary<Type, EmitKernel<Kernel>>();
        // One line a kernel, in alphabetical order.
        Add<ArgMaxKernel>(ArgMaxEmitter.Emit);
        Add<BlockMatMulKernel>(BlockMatMulEmitter.Emit);
        Add<BranchKernel>(BranchEmitter.Emit);
        Add<ChainKernel>(ChainEmitter.Emit);
        Add<CloseGapsKernel>(CloseGapsEmitter.Emit);
        Add<CompleteForestKernel>(ForestEmitter.Complete);
        Add<CompressKernel>(SelectionEmitters.Compress);
        Add<CopyKernel>(CopyEmitter.Emit);
        Add<CumulativeKernel>(ScanEmitters.Cumulative);
        Add<DeformableColumnsKernel>(DeformableColumnsEmitter.Emit);
        Add<DepthwiseConvKernel>(DepthwiseConvEmitter.Emit);
        Add<DepthwiseInt8Kernel>(DepthwiseInt8Emitter.Emit);
        Add<DequantizeKernel>(LinearEmitter.Emit);
        Add<DeterminantKernel>(DeterminantEmitter.Emit);
        Add<DirectConvInt8Kernel>(DirectConvInt8Emitter.Emit);
        Add<DynamicQuantizeKernel>(LinearEmitter.Emit);
        Add<FailKernel>(FailEmitter.Emit);
        Add<FlipSignKernel>(FlipSignEmitter.Emit);
        Add<ElementwiseKernel>(ElementwiseEmitter.Emit);
        Add<ForestKernel>(ForestEmitter.Emit);
        Add<FourierKernel>(FourierEmitter.Emit);
        Add<GatherElementsKernel>(IndexedEmitters.GatherElements);
        Add<GatherKernel>(GatherEmitter.Emit);
        Add<GatherTuplesKernel>(IndexedEmitters.GatherTuples);
        Add<LayerNormalizationKernel>(LayerNormalizationEmitter.Emit);
        Add<LinearAttentionKernel>(LinearAttentionEmitter.Emit);
        Add<LookupTableKernel>(LookupTableEmitter.Emit);
        Add<LoopConvInt8Kernel>(LoopConvInt8Emitter.Emit);
        Add<LoopKernel>(LoopEmitter.Emit);
        Add<LoopMatMulInt8Kernel>(LoopMatMulInt8Emitter.Emit);
        Add<MatrixInverseKernel>(MatrixInverseEmitter.Emit);
        Add<MovementKernel>(MovementEmitter.Emit);
        Add<NonMaxSuppressionKernel>(NonMaxSuppressionEmitter.Emit);
        Add<NonZeroKernel>(SelectionEmitters.NonZero);
        Add<OneHotKernel>(OneHotEmitter.Emit);
        Add<PairwiseCouplingKernel>(PairwiseCouplingEmitter.Emit);
        Add<PlainConvKernel>(PlainConvEmitter.Emit);
        Add<PlainMatMulKernel>(PlainMatMulEmitter.Emit);
        Add<PointwiseInt8Kernel>(PointwiseInt8Emitter.Emit);
        Add<PoolKernel>(PoolEmitter.Emit);
        Add<QuantizeInterleavedKernel>(QuantizeEmitter.Emit);
        Add<QuantizeKernel>(LinearEmitter.Emit);
        Add<QuantizedAveragePoolKernel>(QuantizedAveragePoolEmitter.Emit);
        Add<QuantizedBinaryKernel>(QuantizedBinaryEmitter.Emit);
        Add<QuantizedGlobalAveragePoolKernel>(QuantizedGlobalAveragePoolEmitter.Emit);
        Add<QuantizedSoftmaxKernel>(QuantizedSoftmaxEmitter.Emit);
        Add<RecurrentKernel>(RecurrentEmitter.Emit);
        Add<ReduceKernel>(ReduceEmitter.Emit);
        Add<ResizeKernel>(ResizeEmitter.Emit);
        Add<RoiAlignKernel>(RoiAlignEmitter.Emit);
        Add<ScatterElementsKernel>(ScatterEmitters.ScatterElements);
        Add<ScatterTuplesKernel>(ScatterEmitters.ScatterTuples);
        Add<SoftmaxKernel>(SoftmaxEmitter.Emit);
        Add<StreamedProductInt8Kernel>(StreamedProductInt8Emitter.Emit);
        Add<TiledConvKernel>(TiledConvEmitter.Emit);
        Add<TiledMatMulKernel>(TiledMatMulEmitter.Emit);
        Add<TopKKernel>(ScanEmitters.TopK);
        Add<UniqueKernel>(SelectionEmitters.Unique);
        Add<UnpackedInt8Kernel>(UnpackedInt8Emitter.Emit);
        return table;

        void Add<T>(EmitKernel<T> emit)
            where T : Kernel => table.Add(typeof(T), (kernel, writer) => emit((T)kernel, writer));
    }
}
