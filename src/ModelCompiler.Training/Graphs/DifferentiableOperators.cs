using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Training.Graphs.Operators;

namespace ModelCompiler.Training.Graphs;

/// <summary>The operators that have a differentiable form, with the function that is that form.</summary>
internal static class DifferentiableOperators
{
    private static readonly Dictionary<Type, Compute<Operator>> Functions = Table();

    /// <summary>The operators that have one.</summary>
    public static IEnumerable<Type> Types => Functions.Keys;

    /// <summary>The function of a node's operator; null where there is none, or none for this form of it.</summary>
    public static Compute<Operator>? Find(Operator op) => IsServed(op) ? Functions.GetValueOrDefault(op.GetType()) : null;

    private static bool IsServed(Operator op) =>
        op switch
        {
            Conv { Window.Rank: var rank } => rank is >= 1 and <= 3,
            ConvTranspose { Window.Rank: var rank } => rank is >= 1 and <= 3,
            MaxPool { Window.Rank: var rank } => rank is >= 1 and <= 3,
            AveragePool { Window.Rank: var rank } => rank is >= 1 and <= 3,
            Cast { To: var to } => !to.IsNarrowFloat() || to is ElementType.Float16 or ElementType.BFloat16,
            QuantizeLinear { Element: var element } => element.IsInteger(),
            ScatterElements { Reduction: var reduction } => reduction is ScatterReduction.None or ScatterReduction.Add,
            ScatterND { Reduction: var reduction } => reduction is ScatterReduction.None or ScatterReduction.Add,
            _ => true,
        };

    private static Dictionary<Type, Compute<Operator>> Table()
    {
        var table = new Dictionary<Type, Compute<Operator>>();
        // One line an operator, in alphabetical order.
        Add<ArgMax>(Reductions.ArgMax);
        Add<AveragePool>(Pools.AveragePool);
        Add<BatchNormalization>(Normalisations.Batch);
        Add<Binary>(BinaryFunctions.Binary);
        Add<Cast>(UnaryFunctions.Cast);
        Add<Concat>(Movements.Concat);
        Add<Conv>(Convolutions.Conv);
        Add<ConvTranspose>(Convolutions.ConvTranspose);
        Add<Cumulative>(Reductions.Cumulative);
        Add<DepthToSpace>(Movements.Moved);
        Add<DequantizeLinear>(FakeQuantisation.Dequantize);
        Add<Expand>(Movements.Expand);
        Add<Fourier>(FourierTransforms.Whole);
        Add<Gather>(Gathers.Gather);
        Add<GatherElements>(Gathers.GatherElements);
        Add<GatherND>(Gathers.GatherTuples);
        Add<GlobalAveragePool>(Pools.GlobalAverage);
        Add<GlobalMaxPool>(Pools.GlobalMax);
        Add<LayerNormalization>(Normalisations.Layer);
        Add<MatMul>(Products.MatMul);
        Add<MaxPool>(Pools.MaxPool);
        Add<OneHot>(Gathers.OneHot);
        Add<Pad>(Movements.Pad);
        Add<QuantizeLinear>(FakeQuantisation.Quantize);
        Add<RecurrentLayer>(Recurrences.Recurrent);
        Add<Reduce>(Reductions.Reduce);
        Add<Reshape>(Movements.Reshape);
        Add<Resize>(Resampling.Resize);
        Add<ScatterElements>(Gathers.ScatterElements);
        Add<ScatterND>(Gathers.ScatterTuples);
        Add<ShortTimeFourier>(FourierTransforms.OfFrames);
        Add<Slice>(Movements.Slice);
        Add<Softmax>(Normalisations.Softmax);
        Add<SpaceToDepth>(Movements.Moved);
        Add<Split>(Movements.Split);
        Add<Tile>(Movements.Tile);
        Add<TopK>(Reductions.TopK);
        Add<Transpose>(Movements.Transpose);
        Add<Unary>(UnaryFunctions.Unary);
        Add<Where>(UnaryFunctions.Where);
        return table;

        void Add<TOperator>(Compute<TOperator> function)
            where TOperator : Operator => table.Add(typeof(TOperator), (op, inputs) => function((TOperator)op, inputs));
    }
}
