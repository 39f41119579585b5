using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>The one way from bytes to ONNX messages: checked first, then parsed without keeping fields that nobody knows.</summary>
internal static class OnnxParser
{
    /// <summary>Parses a model file.</summary>
    /// <exception cref="ProblemException">The file is empty, damaged, or would take unreasonable memory.</exception>
    public static ModelProto ParseModel(byte[] file) => Parse(file, ModelProto.Parser, ModelProto.Descriptor);

    /// <summary>Parses a file that holds one tensor, as test data sets have them.</summary>
    /// <exception cref="ProblemException">The file is empty, damaged, or would take unreasonable memory.</exception>
    public static TensorProto ParseTensor(byte[] file) => Parse(file, TensorProto.Parser, TensorProto.Descriptor);

    /// <summary>Parses a file that holds a sequence.</summary>
    /// <exception cref="ProblemException">The file is empty, damaged, or would take unreasonable memory.</exception>
    public static SequenceProto ParseSequence(byte[] file) => Parse(file, SequenceProto.Parser, SequenceProto.Descriptor);

    /// <summary>Parses a file that holds an optional.</summary>
    /// <exception cref="ProblemException">The file is empty, damaged, or would take unreasonable memory.</exception>
    public static OptionalProto ParseOptional(byte[] file) => Parse(file, OptionalProto.Parser, OptionalProto.Descriptor);

    private static T Parse<T>(byte[] file, MessageParser<T> parser, Google.Protobuf.Reflection.MessageDescriptor descriptor)
        where T : IMessage<T>
    {
        if (file.Length == 0)
        {
            throw new ProblemException(ProblemKinds.NotAModel, "the file is empty");
        }

        WireFormatGuard.Check(file, descriptor);
        try
        {
            return parser.WithDiscardUnknownFields(true).ParseFrom(file);
        }
        catch (InvalidProtocolBufferException)
        {
            // The guard has checked the structure; what is left is text that is not UTF-8 and the like.
            throw new ProblemException(ProblemKinds.NotAModel, "the file is not a valid ONNX model: a field has invalid content");
        }
    }
}
