using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Onnx;

/// <summary>What callers give to a model, with the sizes that the compiler gives to symbolic dimensions.</summary>
public static class ValuePorts
{
    /// <summary>The inputs.</summary>
    /// <exception cref="CompressionException">The compiler cannot read the model.</exception>
    public static IReadOnlyList<ModelPort> Inputs(OnnxModel model, string path, CompileOptions options)
    {
        var shapes = ValueShapes.Of(model, path, options);
        return [.. model.Inputs.Select(i => shapes.Find(i.Name) is { } shape ? i with { Type = i.Type with { Shape = shape } } : i)];
    }
}
