namespace ModelCompiler.Compression.Onnx;

/// <summary>Reads models whose weights are still float32, as all methods need them that weigh weights.</summary>
internal static class FloatModel
{
    /// <summary>Reads a model; its Constant nodes become initialisers.</summary>
    /// <exception cref="CompressionException">The file is not a readable ONNX model, or it is quantised already.</exception>
    public static OnnxModel Read(ModelSource source)
    {
        var model = OnnxModel.Read(source);
        if (model.Graph.Node.Any(n => n.OpType is "QuantizeLinear" or "DequantizeLinear"))
        {
            throw new CompressionException($"{source.Path}: the model is quantised already; this comes before quantisation");
        }

        ConstantNodes.Apply(model);
        ComputedWeights.Fold(model);
        return model;
    }
}
