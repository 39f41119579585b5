using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>Turns a TensorProto into a constant, after checking that what it claims is there.</summary>
internal sealed class OnnxTensorReader(ModelSource source)
{
    private readonly Dictionary<string, byte[]> _external = new(StringComparer.Ordinal);

    public Tensor Read(TensorProto proto)
    {
        var type = new TensorType(ElementTypeOf(proto.DataType, proto.Name), ShapeOf(proto));
        if (type.Element.SizeInBytes() == 0)
        {
            throw NoElements(type.Element, $"tensor '{proto.Name}': ");
        }

        try
        {
            return Tensor.FromMemory(type, ReadBytes(proto, type));
        }
        catch (ShapeException e)
        {
            throw Fault(proto, e.Message);
        }
    }

    /// <summary>The problem of elements that no tensor has here.</summary>
    /// <param name="element">Their type.</param>
    /// <param name="where">What stands in front of the message.</param>
    public static ProblemException NoElements(ElementType element, string where = "")
    {
        var message = $"{where}elements of type {element} are not supported";
        return element == ElementType.String
            ? Refusal.Strings.Of(ProblemKinds.UnsupportedForm, $"{message}; {Refusal.Strings.Advice}")
            : new ProblemException(ProblemKinds.UnsupportedForm, message);
    }

    public static ElementType ElementTypeOf(int dataType, string tensor)
    {
        var type = (ElementType)dataType;
        return Enum.IsDefined(typeof(ElementType), type) && type != ElementType.Undefined
            ? type
            : throw new ProblemException(
                ProblemKinds.UnsupportedForm,
                $"tensor '{tensor}' has the element type {NameOf(dataType)}, which is not supported"
            );
    }

    private static string NameOf(int dataType) =>
        dataType switch
        {
            0 => "0 (undefined)",
            14 => "14 (complex64)",
            15 => "15 (complex128)",
            _ => dataType.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };

    private static TensorShape ShapeOf(TensorProto proto)
    {
        try
        {
            return new TensorShape(
                proto.Dims.Select(d => d is >= 0 and <= int.MaxValue ? (int)d : throw new ShapeException($"a dimension has the size {d}"))
            );
        }
        catch (ShapeException e)
        {
            throw Fault(proto, e.Message);
        }
    }

    private ReadOnlyMemory<byte> ReadBytes(TensorProto proto, TensorType type)
    {
        var packed = PackedElements.ArePacked(type.Element);
        var stored = packed ? PackedElements.BytesInFile(type) : type.Bytes;
        if (proto.DataLocation == TensorProto.Types.DataLocation.External)
        {
            var bytes = ReadExternal(proto, stored);
            return packed ? PackedElements.Unpack(bytes.Span, type) : bytes;
        }

        if (proto.HasRawData)
        {
            if (proto.RawData.Length != stored)
            {
                throw Fault(proto, $"{type} needs {stored} bytes, raw_data has {proto.RawData.Length}");
            }

            return packed ? PackedElements.Unpack(proto.RawData.Span, type) : proto.RawData.Memory;
        }

        return FromTypedFields(proto, type);
    }

    private static byte[] FromTypedFields(TensorProto proto, TensorType type)
    {
        switch (type.Element)
        {
            case ElementType.Float32:
                return AsBytes([.. proto.FloatData]);
            case ElementType.Float64:
                return AsBytes([.. proto.DoubleData]);
            case ElementType.Int64:
                return AsBytes([.. proto.Int64Data]);
            case ElementType.UInt64:
                return AsBytes([.. proto.Uint64Data]);
            case ElementType.UInt32:
                return AsBytes([.. proto.Uint64Data.Select(v => unchecked((uint)v))]);
            case ElementType.Int32:
                return AsBytes([.. proto.Int32Data]);
            default:
                var size = type.Element.SizeInBytes();
                var narrow = new byte[proto.Int32Data.Count * size];
                for (var i = 0; i < proto.Int32Data.Count; i++)
                {
                    var value = unchecked((ushort)proto.Int32Data[i]);
                    if (size == 1)
                    {
                        narrow[i] = unchecked((byte)value);
                    }
                    else
                    {
                        BinaryPrimitives.WriteUInt16LittleEndian(narrow.AsSpan(2 * i), value);
                    }
                }

                return PackedElements.ArePacked(type.Element) ? PackedElements.Unpack(narrow, type) : narrow;
        }
    }

    private static byte[] AsBytes<T>(T[] elements)
        where T : unmanaged => MemoryMarshal.AsBytes(elements.AsSpan()).ToArray();

    private ReadOnlyMemory<byte> ReadExternal(TensorProto proto, int length)
    {
        string? Entry(string key) => proto.ExternalData.FirstOrDefault(e => e.Key == key)?.Value;

        var location = Entry("location") ?? throw External(proto, "has no location");
        if (Path.IsPathRooted(location) || location.Contains('\\') || location.Contains(':') || location.Split('/').Contains(".."))
        {
            throw External(proto, $"lies at '{location}', outside of the model's folder; only files in that folder are read");
        }

        if (!_external.TryGetValue(location, out var file))
        {
            file =
                source.ReadExternalData(location) ?? throw External(proto, $"lies in '{location}', which does not exist beside the model");
            _external.Add(location, file);
        }

        long offset = 0;
        if (Entry("offset") is { } text && !long.TryParse(text, out offset))
        {
            throw External(proto, $"has the offset '{text}'");
        }

        if (Entry("length") is { } claimed && claimed != length.ToString(System.Globalization.CultureInfo.InvariantCulture))
        {
            throw External(proto, $"has the length '{claimed}' where its shape needs {length} bytes");
        }

        return offset >= 0 && offset <= file.Length - length
            ? file.AsMemory((int)offset, length)
            : throw External(proto, $"ends at byte {offset + length} of '{location}', which has {file.Length}");
    }

    private static ProblemException Fault(TensorProto proto, string message) =>
        new(ProblemKinds.NotAModel, $"tensor '{proto.Name}': {message}");

    private static ProblemException External(TensorProto proto, string message) =>
        new(ProblemKinds.ExternalData, $"the data of tensor '{proto.Name}' {message}");
}
