using Google.Protobuf;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>Models with intermediate values made graph outputs, so that compiler and oracle can be compared inside of them.</summary>
public static class ExposedModel
{
    /// <summary>The file with some of its values as further outputs, behind those that it has.</summary>
    public static OnnxFile With(OnnxFile file, params IEnumerable<string> values)
    {
        var model = file.Proto!.Clone();
        var outputs = model.Graph.Output.Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        // Without a type: ONNX Runtime infers it, and so does the compiler.
        model.Graph.Output.AddRange(values.Where(outputs.Add).Select(v => new ValueInfoProto { Name = v }));
        return OnnxFile.Of(file.Path, model);
    }
}
