using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>The shapes of a model's values, as the compiler infers them.</summary>
internal sealed class ValueShapes
{
    private readonly Dictionary<string, TensorShape> _shapes;

    private ValueShapes(Dictionary<string, TensorShape> shapes) => _shapes = shapes;

    /// <summary>Infers the shapes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Its name for messages.</param>
    /// <param name="options">Sizes of symbolic dimensions.</param>
    /// <exception cref="CompressionException">The compiler cannot read the model.</exception>
    public static ValueShapes Of(OnnxModel model, string path, CompileOptions options)
    {
        var exposed = model.Proto.Clone();
        var present = exposed.Graph.Output.Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        // Without types: they are inferred.
        exposed.Graph.Output.AddRange(
            model
                .Graph.Input.Select(i => i.Name)
                .Concat(model.Graph.Node.SelectMany(n => n.Output))
                .Where(o => o.Length > 0 && present.Add(o))
                .Select(o => new ValueInfoProto { Name = o })
        );
        var import = OnnxImporter.Import(new ModelSource(path, exposed.ToByteArray(), _ => null), options);
        if (import.Graph is null)
        {
            throw new CompressionException(
                string.Join(" ", import.Problems.Where(p => p.Kind.Severity == Severity.Error).Select(p => p.Message))
            );
        }

        var shapes = new Dictionary<string, TensorShape>(StringComparer.Ordinal);
        foreach (var output in import.Graph.Outputs.Where(o => !o.IsCount && o.Size is null))
        {
            shapes[output.Name] = output.Value.Shape;
        }

        foreach (var constant in model.Graph.Initializer)
        {
            shapes[constant.Name] = new TensorShape(constant.Dims.Select(d => checked((int)d)));
        }

        return new ValueShapes(shapes);
    }

    /// <summary>The shape of a value; null where only the data give it.</summary>
    public TensorShape? Find(string name) => _shapes.GetValueOrDefault(name);
}
