using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>What one file of recorded data holds: the tensors that a port of a model is compiled to.</summary>
/// <param name="Name">Name of the port.</param>
/// <param name="Tensors">Its tensors, under the names that they have in compiled code.</param>
/// <param name="Length">How many they are, where that is not one by the port's type.</param>
internal sealed record RecordedPort(string Name, IReadOnlyList<NamedTensor> Tensors, DimensionBinding? Length)
{
    /// <summary>Reads one file.</summary>
    /// <exception cref="InvalidDataException">The file does not hold what the port's type says.</exception>
    public static RecordedPort Read(string file, ValueInfoProto port)
    {
        try
        {
            var bytes = File.ReadAllBytes(file);
            return port.Type?.ValueCase switch
            {
                TypeProto.ValueOneofCase.SequenceType => OfSequence(OnnxParser.ParseSequence(bytes), port.Name),
                TypeProto.ValueOneofCase.OptionalType => OfOptional(bytes, port.Name),
                _ => new(port.Name, [.. Tensor(OnnxParser.ParseTensor(bytes), port.Name, port.Type?.TensorType)], null),
            };
        }
        catch (Exception e) when (e is ProblemException or ShapeException)
        {
            throw new InvalidDataException($"{file} is not a tensor that can be read: {e.Message}", e);
        }
    }

    private static RecordedPort OfOptional(byte[] bytes, string name)
    {
        // A file without content, or of length 0, is an optional without a value.
        var proto = bytes.Length == 0 ? new OptionalProto() : OnnxParser.ParseOptional(bytes);
        return proto.SequenceValue is { } sequence ? OfSequence(sequence, name)
            : proto.TensorValue is { } tensor ? new(name, [.. Tensor(tensor, name, null)], new(name, 1))
            : new(name, [], new(name, 0));
    }

    private static RecordedPort OfSequence(SequenceProto sequence, string name) =>
        new(
            name,
            [.. sequence.TensorValues.SelectMany((t, i) => Tensor(t, OnnxInputs.ItemName(name, i), null))],
            new(name, sequence.TensorValues.Count)
        );

    /// <summary>The tensor; none for elements that no array holds, which the compiler reports.</summary>
    private static IEnumerable<NamedTensor> Tensor(TensorProto proto, string name, TypeProto.Types.Tensor? declared)
    {
        if (((ElementType)proto.DataType).CSharpName() is null)
        {
            return [];
        }

        var tensor = new OnnxTensorReader(new ModelSource(name, [], _ => null)).Read(proto);
        return [new(name, Declared(tensor.Type, declared), Elements.From(tensor))];
    }

    /// <summary>
    /// A single element recorded as [1] for a scalar, or the other way round, counts as what the model says; so do the bits of
    /// bfloat16, which ONNX recorded as uint16 before it had tools for them.
    /// </summary>
    private static TensorType Declared(TensorType recorded, TypeProto.Types.Tensor? declared)
    {
        var isBits = recorded.Element == ElementType.UInt16 && declared?.ElemType == (int)ElementType.BFloat16;
        var isScalar = recorded.Shape.Elements == 1 && declared?.Shape is { } shape && shape.Dim.All(d => d.DimValue == 1);
        return new(
            isBits ? ElementType.BFloat16 : recorded.Element,
            isScalar ? new TensorShape(declared!.Shape.Dim.Select(d => (int)d.DimValue)) : recorded.Shape
        );
    }
}
