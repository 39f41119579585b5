using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;

namespace ModelCompiler.Verification;

/// <summary>ONNX Runtime at one thread: what compiled networks are measured against, in values and in time.</summary>
public sealed class OnnxRuntimeOracle : IDisposable
{
    private readonly InferenceSession _session;

    /// <summary>Loads a model.</summary>
    /// <param name="model">Content of the ONNX file.</param>
    /// <param name="optimisation">How far ONNX Runtime may rewrite the graph.</param>
    /// <param name="signedQuantisedOperators">
    /// Sets <c>session.qdqisint8allowed</c>, with which int8 networks run all-integer: the oracle for bits, not for time.
    /// </param>
    /// <param name="folder">Folder with the model's external data, where it has any.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public OnnxRuntimeOracle(
        byte[] model,
        GraphOptimizationLevel optimisation = GraphOptimizationLevel.ORT_ENABLE_ALL,
        bool signedQuantisedOperators = false,
        string? folder = null
    )
    {
        using var options = Options(optimisation, folder);
        if (signedQuantisedOperators)
        {
            options.AddSessionConfigEntry("session.qdqisint8allowed", "1");
        }

        _session = new InferenceSession(model, options);
    }

    /// <summary>Names of the inputs in order.</summary>
    public IReadOnlyList<string> InputNames => _session.InputNames;

    /// <summary>Inputs that every run gets besides those that it is given.</summary>
    public IReadOnlyList<NamedTensor> Fixed { get; init; } = [];

    /// <summary>Version of the library.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>The graph that ONNX Runtime really runs: how often each operator is in it, most frequent first.</summary>
    /// <param name="model">Content of the ONNX file.</param>
    /// <param name="folder">Folder with the model's external data, where it has any.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model.</exception>
    public static IReadOnlyList<KeyValuePair<string, int>> OptimisedOperators(byte[] model, string? folder = null)
    {
        var written = Directory.CreateTempSubdirectory("modelcompiler-optimised-");
        try
        {
            using var options = Options(GraphOptimizationLevel.ORT_ENABLE_ALL, folder);
            options.OptimizedModelFilePath = Path.Combine(written.FullName, "model.onnx");
            new InferenceSession(model, options).Dispose();
            return
            [
                .. OnnxFile
                    .Read(options.OptimizedModelFilePath)
                    .Proto!.Graph.Node.CountBy(n => n.OpType)
                    .OrderByDescending(o => o.Value)
                    .ThenBy(o => o.Key, StringComparer.Ordinal),
            ];
        }
        finally
        {
            written.Delete(recursive: true);
        }
    }

    /// <summary>Runs the model; inputs by name, outputs in model order. Sequences go by the names of their elements.</summary>
    public IReadOnlyList<NamedTensor> Run(params IReadOnlyList<NamedTensor> inputs)
    {
        var sequences = _session
            .InputNames.Where(n => _session.InputMetadata[n].OnnxValueType == OnnxValueType.ONNX_TYPE_SEQUENCE)
            .ToList();
        var items = sequences.Select(s => ItemsOf(s, inputs)).ToList();
        var fixedInputs = Fixed.Where(f => inputs.All(i => i.Name != f.Name));
        var tensors = inputs.Except(items.SelectMany(i => i)).Concat(fixedInputs).ToList();
        OrtValue[] values = [.. tensors.Select(ToValue), .. items.Select(ToSequence)];
        try
        {
            using var run = new RunOptions();
            using var results = _session.Run(run, [.. tensors.Select(i => i.Name), .. sequences], values, _session.OutputNames);
            return [.. results.SelectMany((r, i) => ToTensors(_session.OutputNames[i], r))];
        }
        finally
        {
            foreach (var value in values)
            {
                value.Dispose();
            }
        }
    }

    /// <summary>Prepares calls that convert and allocate nothing: what a benchmark runs.</summary>
    /// <param name="inputs">Inputs by name.</param>
    /// <param name="outputs">The outputs, in model order, with the types that they will have.</param>
    public BoundRun Bind(IReadOnlyList<NamedTensor> inputs, IReadOnlyList<ModelPort> outputs) => new(_session, inputs, outputs);

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    /// <summary>Inputs and outputs that stay where they are from call to call.</summary>
    public sealed class BoundRun : IDisposable
    {
        private readonly InferenceSession _session;
        private readonly RunOptions _options = new();
        private readonly OrtIoBinding _binding;
        private readonly List<OrtValue> _values = [];

        internal BoundRun(InferenceSession session, IReadOnlyList<NamedTensor> inputs, IReadOnlyList<ModelPort> outputs)
        {
            _session = session;
            _binding = session.CreateIoBinding();
            foreach (var input in inputs)
            {
                _values.Add(ToValue(input));
                _binding.BindInput(input.Name, _values[^1]);
            }

            foreach (var (name, port) in session.OutputNames.Zip(outputs))
            {
                if (port.Size is not null)
                {
                    // How large it is, only ONNX Runtime knows.
                    _binding.BindOutputToDevice(name, OrtMemoryInfo.DefaultInstance);
                    continue;
                }

                _values.Add(Allocate(port.Type));
                _binding.BindOutput(name, _values[^1]);
            }
        }

        /// <summary>One call.</summary>
        public void Run() => _session.RunWithBinding(_options, _binding);

        /// <inheritdoc/>
        public void Dispose()
        {
            _binding.Dispose();
            _options.Dispose();
            foreach (var value in _values)
            {
                value.Dispose();
            }
        }
    }

    private static SessionOptions Options(GraphOptimizationLevel optimisation, string? folder)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = optimisation,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        if (folder is not null)
        {
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
        }

        return options;
    }

    private static OrtValue ToValue(NamedTensor tensor)
    {
        var value = Allocate(tensor.Type);
        ReadOnlySpan<byte> bytes = Elements.Bytes(tensor.Elements);
        (PackedElements.ArePacked(tensor.Type.Element) ? PackedElements.Pack(bytes, tensor.Type.Element) : bytes).CopyTo(
            value.GetTensorMutableRawData()
        );
        return value;
    }

    private static OrtValue Allocate(TensorType type) =>
        OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance,
            (TensorElementType)NumberOf(type.Element),
            [.. type.Shape.Select(d => (long)d)]
        );

    private static List<NamedTensor> ItemsOf(string sequence, IReadOnlyList<NamedTensor> inputs)
    {
        var items = new List<NamedTensor>();
        while (inputs.FirstOrDefault(i => i.Name == OnnxInputs.ItemName(sequence, items.Count)) is { } item)
        {
            items.Add(item);
        }

        return items;
    }

    private static OrtValue ToSequence(IReadOnlyList<NamedTensor> items) => OrtValue.CreateSequence([.. items.Select(ToValue)]);

    private static List<NamedTensor> ToTensors(string name, OrtValue value)
    {
        if (value.OnnxType != OnnxValueType.ONNX_TYPE_SEQUENCE)
        {
            return [ToTensor(name, value)];
        }

        var items = new List<NamedTensor>();
        value.ProcessSequence((item, index) => items.Add(ToTensor(OnnxInputs.ItemName(name, index), item)), OrtAllocator.DefaultInstance);
        return items;
    }

    private static NamedTensor ToTensor(string name, OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        var type = new TensorType(OfNumber((int)info.ElementDataType), new TensorShape(info.Shape.Select(d => (int)d)));
        var elements = Elements.Allocate(type);
        ReadOnlySpan<byte> bytes = value.GetTensorMutableRawData();
        (PackedElements.ArePacked(type.Element) ? PackedElements.Unpack(bytes, type) : bytes).CopyTo(Elements.Bytes(elements));
        return new NamedTensor(name, type, elements);
    }

    // ONNX Runtime counts like ONNX, but its C interface has no number for Float8E8M0 before the 2-bit integers.
    private static int NumberOf(ElementType element) => element is ElementType.UInt2 or ElementType.Int2 ? (int)element - 1 : (int)element;

    private static ElementType OfNumber(int number) => (ElementType)(number is 24 or 25 ? number + 1 : number);
}
