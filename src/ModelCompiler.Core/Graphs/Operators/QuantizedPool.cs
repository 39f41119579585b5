namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Mean of each window of a quantised 8-bit tensor (com.microsoft QLinearAveragePool): the window is dequantised, summed in
/// order in float32 and divided by the number of elements; the result is clamp(round-half-even(mean / y scale + y zero)).
/// </summary>
/// <param name="Window">Kernel, strides, pads.</param>
/// <param name="CountIncludePad">Whether the divisor is the whole window rather than its elements inside the input.</param>
/// <param name="Layout">Where the channels stand.</param>
/// <param name="X">Quantisation of the input.</param>
/// <param name="Y">Quantisation of the output.</param>
/// <param name="Low">Lowest output.</param>
/// <param name="High">Highest output.</param>
/// <param name="Storage">Type of both tensors in memory; see <see cref="QuantizedBinary"/>.</param>
public sealed record QuantizedAveragePool(
    Window Window,
    bool CountIncludePad,
    DataLayout Layout,
    Quantization X,
    Quantization Y,
    int Low,
    int High,
    ElementType Storage
) : Operator, ISpatialOperator
{
    /// <summary>The operator without activation, stored as its quantisations say.</summary>
    public QuantizedAveragePool(Window window, bool countIncludePad, DataLayout layout, Quantization x, Quantization y)
        : this(window, countIncludePad, layout, x, y, (int)y.Element.LowestValue(), (int)y.Element.HighestValue(), y.Element) { }

    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, Storage);
        return [PoolRules.Output(context.Type(0), Window, Layout)];
    }
}

/// <summary>
/// Mean over all spatial positions of a quantised 8-bit tensor (com.microsoft QLinearGlobalAveragePool): exact integer sum of
/// x − x zero, times x scale / (y scale · positions) in float32, rounded half to even, plus y zero, clamped.
/// </summary>
/// <param name="Layout">Where the channels stand.</param>
/// <param name="X">Quantisation of the input.</param>
/// <param name="Y">Quantisation of the output.</param>
/// <param name="Low">Lowest output.</param>
/// <param name="High">Highest output.</param>
public sealed record QuantizedGlobalAveragePool(DataLayout Layout, Quantization X, Quantization Y, int Low, int High)
    : Operator,
        ISpatialOperator
{
    /// <inheritdoc/>
    public Operator WithLayout(DataLayout layout) => this with { Layout = layout };

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, X.Element);
        return [PoolRules.GlobalOutput(context.Type(0), Layout) with { Element = Y.Element }];
    }
}
