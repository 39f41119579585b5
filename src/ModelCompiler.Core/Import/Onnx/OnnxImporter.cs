using System.Collections.Immutable;
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
        ModelProto model;
        try
        {
            model = OnnxParser.ParseModel(source.Bytes);
        }
        catch (ProblemException e)
        {
            return new(null, [e.Problem with { Message = $"{source.Path}: {e.Problem.Message}" }]);
        }

        return new OnnxGraphImport(source, options, model).Run();
    }
}
