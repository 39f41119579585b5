namespace ModelCompiler.Graphs.Operators;

/// <summary>
/// Softmax of a quantised 8-bit tensor along one dimension (com.microsoft QLinearSoftmax): exponentials come from a table of
/// 256 floats, are summed in order and divided; the quotient is multiplied by floor(1 / y scale), not divided by y scale,
/// because that is what ONNX Runtime does.
/// </summary>
/// <param name="Axis">The dimension that sums to 1.</param>
/// <param name="X">Quantisation of the input.</param>
/// <param name="Y">Quantisation of the output.</param>
public sealed record QuantizedSoftmax(int Axis, Quantization X, Quantization Y) : Operator, ILayoutAgnostic
{
    /// <inheritdoc/>
    public PermutedOperator WithPermutedAxes(EquatableArray<int> permutation) => new(this with { Axis = permutation[Axis] }, permutation);

    /// <inheritdoc/>
    public override TensorType[] Infer(InferenceContext context)
    {
        context.Require(0, X.Element);
        context.Shape(0).NormaliseAxis(Axis);
        return [context.Type(0) with { Element = Y.Element }];
    }
}
