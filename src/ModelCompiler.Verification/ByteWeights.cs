using Google.Protobuf;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>
/// Gives constants of 4 bits a byte each. The numbers are the same, but only with bytes does ONNX Runtime compute in integers, to the bit.
/// </summary>
internal static class ByteWeights
{
    /// <summary>The file with constants of 8 bits; the file itself where something else than DequantizeLinear reads them.</summary>
    public static OnnxFile Of(OnnxFile file)
    {
        var narrow = file.Proto!.Graph.Initializer.Where(i => Wider(i) is not null).Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        var readers = file.Proto.Graph.Node.Where(n => n.Input.Any(narrow.Contains)).ToList();
        if (narrow.Count == 0 || !readers.All(n => n.OpType == "DequantizeLinear" && narrow.Contains(n.Input[0])))
        {
            return file;
        }

        var model = file.Proto.Clone();
        foreach (var constant in model.Graph.Initializer.Where(i => narrow.Contains(i.Name)))
        {
            var type = new TensorType((ElementType)constant.DataType, new TensorShape(constant.Dims.Select(d => (int)d)));
            constant.RawData = ByteString.CopyFrom(PackedElements.Unpack(constant.RawData.Span, type));
            constant.DataType = (int)Wider(constant)!;
        }

        return OnnxFile.Of(file.Path, model);
    }

    private static ElementType? Wider(TensorProto constant) =>
        (ElementType)constant.DataType switch
        {
            ElementType.Int4 when constant.HasRawData => ElementType.Int8,
            ElementType.UInt4 when constant.HasRawData => ElementType.UInt8,
            _ => null,
        };
}
