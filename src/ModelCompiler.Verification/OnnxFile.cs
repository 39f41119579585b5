using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>An ONNX file on disk: what the compiler gets of it, and the names that test data go by.</summary>
public sealed class OnnxFile
{
    private OnnxFile(string path, byte[] bytes, ModelProto? proto)
    {
        Path = path;
        Bytes = bytes;
        Proto = proto;
        Source = new ModelSource(path, bytes, ReadBeside);
    }

    /// <summary>Path as it was given.</summary>
    public string Path { get; }

    /// <summary>Folder that the file lies in.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>Content of the file.</summary>
    public byte[] Bytes { get; }

    /// <summary>The file as the compiler takes it.</summary>
    public ModelSource Source { get; }

    /// <summary>The message; null where the file is not an ONNX model, which the compiler reports.</summary>
    public ModelProto? Proto { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static OnnxFile Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            return new OnnxFile(path, bytes, OnnxParser.ParseModel(bytes));
        }
        catch (ProblemException)
        {
            return new OnnxFile(path, bytes, null);
        }
    }

    /// <summary>A changed model, with the folder of the file that it comes from.</summary>
    public static OnnxFile Of(string path, ModelProto model) => new(path, model.ToByteArray(), model);

    /// <summary>The graph's inputs that a caller has to give: those without an initialiser.</summary>
    public IReadOnlyList<ValueInfoProto> Inputs()
    {
        var initialisers = Proto?.Graph?.Initializer.Select(i => i.Name).ToHashSet(StringComparer.Ordinal) ?? [];
        return [.. AllInputs().Where(i => !initialisers.Contains(i.Name))];
    }

    /// <summary>All graph inputs, with those that old files list beside their initialiser.</summary>
    public IReadOnlyList<ValueInfoProto> AllInputs() => Proto?.Graph is { } graph ? [.. graph.Input] : [];

    /// <summary>The graph's outputs.</summary>
    public IReadOnlyList<ValueInfoProto> Outputs() => Proto?.Graph is { } graph ? [.. graph.Output] : [];

    /// <summary>The inputs that compiled code does not have because they are bound, with their values.</summary>
    public IReadOnlyList<NamedTensor> FixedInputs(IReadOnlyList<DimensionBinding> bindings) =>
        [
            .. Inputs()
                .Select(i => OnnxInputs.Fixed(i.Name, i.Type, bindings))
                .OfType<Value>()
                .Select(v => new NamedTensor(v.Name, v.Type, Elements.From(v.Constant!))),
        ];

    private byte[]? ReadBeside(string location)
    {
        var file = System.IO.Path.Combine(Folder, location);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }
}
