using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Verification;

/// <summary>Recorded inputs and outputs of a model, in the layout of ONNX's backend tests.</summary>
/// <param name="Name">Name of the folder.</param>
/// <param name="Inputs">One tensor an input that the caller gives; of a sequence one an element.</param>
/// <param name="Outputs">One tensor an output; may be fewer than the model has, or none.</param>
public sealed record TestDataSet(string Name, IReadOnlyList<NamedTensor> Inputs, IReadOnlyList<NamedTensor> Outputs)
{
    /// <summary>The shapes of the inputs, for the compiler.</summary>
    public EquatableArray<InputShape> InputShapes => Inputs.Select(i => new InputShape(i.Name, i.Type.Shape)).ToArray();

    /// <summary>How many elements the inputs have that are sequences or optionals, for the compiler.</summary>
    public EquatableArray<DimensionBinding> Dimensions { get; init; }

    /// <summary>How many elements the outputs have that are sequences or optionals.</summary>
    public EquatableArray<DimensionBinding> OutputLengths { get; init; }

    /// <summary>Names of the sequences that have more elements among the outputs of a network than were recorded.</summary>
    public IEnumerable<string> Surplus(IReadOnlyList<NamedTensor> outputs) =>
        OutputLengths.Where(l => outputs.Any(o => o.Name == OnnxInputs.ItemName(l.Symbol, l.Size))).Select(l => l.Symbol);

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
        var inputs = Ports(inputFiles, ports).Where(p => given.Contains(p.Name)).ToList();
        var outputs = Ports(Files(folder, "output_"), model.Outputs()).ToList();
        return new TestDataSet(Path.GetFileName(folder), [.. inputs.SelectMany(p => p.Tensors)], [.. outputs.SelectMany(p => p.Tensors)])
        {
            Dimensions = inputs.Select(p => p.Length).OfType<DimensionBinding>().ToArray(),
            OutputLengths = outputs.Select(p => p.Length).OfType<DimensionBinding>().ToArray(),
        };
    }

    private static IEnumerable<RecordedPort> Ports(IReadOnlyList<string> files, IReadOnlyList<ValueInfoProto> ports) =>
        files
            .Select(f => (File: f, Number: (int)NumberOf(f)))
            .Where(f => f.Number < ports.Count)
            .Select(f => RecordedPort.Read(f.File, ports[f.Number]));

    private static List<string> Files(string folder, string prefix) =>
        [.. Directory.GetFiles(folder, prefix + "*.pb").Where(f => NumberOf(f) < int.MaxValue).OrderBy(NumberOf)];

    private static long NumberOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path).Split('_')[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;
}
