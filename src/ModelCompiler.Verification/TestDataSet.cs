using System.Globalization;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>Recorded inputs and outputs of a model, in the layout of ONNX's backend tests.</summary>
/// <param name="Name">Name of the folder.</param>
/// <param name="Inputs">One tensor an input that the caller gives.</param>
/// <param name="Outputs">One tensor an output; may be fewer than the model has, or none.</param>
public sealed record TestDataSet(string Name, IReadOnlyList<NamedTensor> Inputs, IReadOnlyList<NamedTensor> Outputs)
{
    /// <summary>The shapes of the inputs, for the compiler.</summary>
    public EquatableArray<InputShape> InputShapes => Inputs.Select(i => new InputShape(i.Name, i.Type.Shape)).ToArray();

    /// <summary>All folders <c>test_data_set_*</c> in a folder, in the order of their numbers.</summary>
    public static IReadOnlyList<string> Find(string folder) =>
        Directory.Exists(folder)
            ? [.. Directory.GetDirectories(folder, "test_data_set_*").OrderBy(NumberOf).ThenBy(d => d, StringComparer.Ordinal)]
            : [];

    /// <summary>Reads <c>input_*.pb</c> and <c>output_*.pb</c>, which follow the order of the graph's inputs and outputs.</summary>
    /// <exception cref="InvalidDataException">A file is not a tensor.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TestDataSet Load(OnnxFile model, string folder)
    {
        var inputFiles = Files(folder, "input_");
        // Files that give data for initialisers too count along all graph inputs.
        var ports = inputFiles.Count > model.Inputs().Count ? model.AllInputs() : model.Inputs();
        var given = model.Inputs().Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        return new TestDataSet(
            Path.GetFileName(folder),
            [.. Tensors(inputFiles, ports).Where(t => given.Contains(t.Name))],
            [.. Tensors(Files(folder, "output_"), model.Outputs())]
        );
    }

    private static IEnumerable<NamedTensor> Tensors(IReadOnlyList<string> files, IReadOnlyList<ValueInfoProto> ports) =>
        files
            .Select(f => (File: f, Number: (int)NumberOf(f)))
            // Values that are no tensors (sequences, optionals) have files of other kinds; the compiler reports such ports.
            .Where(f => f.Number < ports.Count && ports[f.Number].Type?.ValueCase is TypeProto.ValueOneofCase.TensorType or null)
            .Select(f => Read(f.File, ports[f.Number]))
            .OfType<NamedTensor>();

    /// <summary>Reads one file; null for elements that no array holds, which the compiler reports.</summary>
    private static NamedTensor? Read(string file, ValueInfoProto port)
    {
        try
        {
            var bytes = File.ReadAllBytes(file);
            var proto = OnnxParser.ParseTensor(bytes);
            if (((ElementType)proto.DataType).CSharpName() is null)
            {
                return null;
            }

            var tensor = new OnnxTensorReader(new ModelSource(file, bytes, _ => null)).Read(proto);
            return new NamedTensor(port.Name, Declared(tensor.Type, port), Elements.From(tensor));
        }
        catch (Exception e) when (e is ProblemException or ShapeException)
        {
            throw new InvalidDataException($"{file} is not a tensor that can be read: {e.Message}", e);
        }
    }

    /// <summary>A single element recorded as [1] for a scalar, or the other way round, counts as what the model says.</summary>
    private static TensorType Declared(TensorType recorded, ValueInfoProto port) =>
        recorded.Shape.Elements == 1 && port.Type?.TensorType?.Shape is { } shape && shape.Dim.All(d => d.DimValue == 1)
            ? recorded with
            {
                Shape = new TensorShape(shape.Dim.Select(d => (int)d.DimValue)),
            }
            : recorded;

    private static List<string> Files(string folder, string prefix) =>
        [.. Directory.GetFiles(folder, prefix + "*.pb").Where(f => NumberOf(f) < int.MaxValue).OrderBy(NumberOf)];

    private static long NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path).Split('_')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;
}
