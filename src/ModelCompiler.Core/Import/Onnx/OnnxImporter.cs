using System.Collections.Immutable;
using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>What came of importing a file.</summary>
/// <param name="Graph">The graph; null where a problem is an error.</param>
/// <param name="Problems">All that is wrong or was assumed.</param>
public sealed record ImportResult(Graph? Graph, ImmutableArray<Problem> Problems);

/// <summary>Reads an ONNX file into a graph, reporting every fault of the file rather than the first.</summary>
public static class OnnxImporter
{
    /// <summary>Imports a model; never throws for a fault of the file.</summary>
    public static ImportResult Import(ModelSource source, CompileOptions options)
    {
        if (source.Bytes.Length == 0)
        {
            return Failed(source, new(ProblemKinds.NotAModel, "the file is empty"));
        }

        ModelProto model;
        try
        {
            WireFormatGuard.Check(source.Bytes);
            model = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(source.Bytes);
        }
        catch (ProblemException e)
        {
            return Failed(source, e.Problem);
        }
        catch (InvalidProtocolBufferException)
        {
            // The guard has checked the structure; what is left is text that is not UTF-8 and the like.
            return Failed(source, new(ProblemKinds.NotAModel, "the file is not a valid ONNX model: a field has invalid content"));
        }

        return new OnnxGraphImport(source, options, model).Run();
    }

    private static ImportResult Failed(ModelSource source, Problem problem) =>
        new(null, [problem with { Message = $"{source.Path}: {problem.Message}" }]);
}
