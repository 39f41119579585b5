using Google.Protobuf;

namespace ModelCompiler.Compression.Onnx;

/// <summary>
/// Reads models in the form that all methods need which weigh weights: as float32 initialisers, or as integers behind a DequantizeLinear.
/// </summary>
public static class CompressibleModel
{
    /// <summary>Reads a model; its Constant nodes become initialisers, and so do weights that nodes compute from constants.</summary>
    /// <exception cref="CompressionException">The file is not a readable ONNX model.</exception>
    public static OnnxModel Read(ModelSource source)
    {
        var model = OnnxModel.Read(source);
        ConstantNodes.Apply(model);
        ComputedWeights.Fold(model);
        return model;
    }

    /// <summary>The same as a file.</summary>
    /// <exception cref="CompressionException">The file is not a readable ONNX model.</exception>
    public static ModelSource Plain(ModelSource source) => new(source.Path, Read(source).Proto.ToByteArray(), _ => null);
}
