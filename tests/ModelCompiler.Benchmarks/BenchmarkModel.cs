using ModelCompiler.Verification;

namespace ModelCompiler.Benchmarks;

/// <summary>A model to measure.</summary>
/// <param name="Set">The set whose table it stands in.</param>
/// <param name="Name">What the table calls it.</param>
/// <param name="Path">The file.</param>
internal sealed record BenchmarkModel(string Set, string Name, string Path)
{
    /// <summary>The int8 networks of MLPerf Tiny.</summary>
    public const string Int8 = "int8";

    /// <summary>An int8 network of the size that phones run.</summary>
    public const string MobileInt8 = "mobile-int8";

    /// <summary>Float networks.</summary>
    public const string Float = "float";

    /// <summary>Recurrent networks and a transformer.</summary>
    public const string Sequences = "sequences";

    /// <summary>Those that the user names.</summary>
    public const string Named = "named";

    private static readonly (string Set, string Folder)[] All =
    [
        (Int8, "keyword-spotting/mlperf_kws_dscnn_int8_qdq"),
        (Int8, "image-classification/mlperf_ic_resnet8_int8_qdq"),
        (Int8, "image-classification/mlperf_vww_mobilenetv1_int8_qdq"),
        (Int8, "anomaly-detection/mlperf_ad_autoencoder_int8_qdq"),
        (MobileInt8, "speed/mobilenet_v2_1.0_224_int8_qdq_random"),
        (Float, "image-classification/mlperf_vww_mobilenetv1_float"),
        (Float, "image-classification/mnist_8_cntk"),
        (Float, "keyword-spotting/micro_kws_m_static_fp32"),
        (Float, "detection/ultraface_rfb_320"),
        (Float, "detection/yunet_n_320"),
        (Sequences, "rnn-audio/dtln_model_1"),
        (Sequences, "rnn-audio/silero_vad_16k_op15"),
        (Sequences, "rnn-sensor/gonnx_gru"),
        (Sequences, "rnn-sensor/tract_byte_bidi_lstm"),
        (Sequences, "transformer/deeploy_CCT_1_32_32_32"),
    ];

    // Publishing takes its time; one network of each kind shows what there is to see.
    private static readonly string[] Published =
    [
        "keyword-spotting/mlperf_kws_dscnn_int8_qdq",
        "image-classification/mlperf_vww_mobilenetv1_float",
    ];

    // Pointwise and depthwise layers, and matrices of one row.
    private static readonly string[] Arm =
    [
        "keyword-spotting/mlperf_kws_dscnn_int8_qdq",
        "anomaly-detection/mlperf_ad_autoencoder_int8_qdq",
    ];

    /// <summary>Names of the sets.</summary>
    public static IReadOnlyList<string> Sets { get; } = [.. All.Select(m => m.Set).Distinct()];

    /// <summary>The models of some sets.</summary>
    /// <exception cref="IOException">The folder, or one of the models in it, is not there.</exception>
    public static IReadOnlyList<BenchmarkModel> OfSets(string root, IReadOnlyCollection<string> sets) =>
        Below(root, All.Where(m => sets.Contains(m.Set)));

    /// <summary>The models that are published as native programs.</summary>
    /// <exception cref="IOException">The folder, or one of the models in it, is not there.</exception>
    public static IReadOnlyList<BenchmarkModel> ToPublish(string root) => Below(root, All.Where(m => Published.Contains(m.Folder)));

    /// <summary>The models whose loops for arm64 are looked at.</summary>
    /// <exception cref="IOException">The folder, or one of the models in it, is not there.</exception>
    public static IReadOnlyList<BenchmarkModel> ForArm(string root) => Below(root, All.Where(m => Arm.Contains(m.Folder)));

    /// <summary>Files, and all models below folders.</summary>
    /// <exception cref="IOException">Something is not there, or a folder has no models.</exception>
    public static IReadOnlyList<BenchmarkModel> OfPaths(IEnumerable<string> paths) =>
        [.. paths.SelectMany(FilesOf).Select(p => new BenchmarkModel(Named, p, p))];

    /// <summary>Reads the model.</summary>
    /// <exception cref="UnreadableModelException">The file cannot be read.</exception>
    public ModelCase Open(Target target, int threads = 1) =>
        ModelCase.Open(
            Path,
            new CompileOptions
            {
                ClassName = "Network",
                Target = target,
                Threads = threads,
            }
        );

    /// <summary>Compiles and loads the model.</summary>
    /// <exception cref="BenchmarkException">It does not compile.</exception>
    public CompiledNetwork Load(ModelCase opened)
    {
        var compiled = opened.Compile();
        return compiled.Succeeded
            ? CompiledNetwork.Load(compiled, opened.Options)
            : throw new BenchmarkException($"{Path} does not compile:\n{string.Join("\n", compiled.Problems)}");
    }

    private static List<BenchmarkModel> Below(string root, IEnumerable<(string Set, string Folder)> models)
    {
        if (!Directory.Exists(root))
        {
            throw new DirectoryNotFoundException(
                $"{root}: there is no such folder. Name the folder of the models with --models, or models on the command line."
            );
        }

        var found = models.Select(m => new BenchmarkModel(m.Set, m.Folder, System.IO.Path.Combine(root, m.Folder, "model.onnx"))).ToList();
        var missing = found.Where(m => !File.Exists(m.Path)).Select(m => m.Path).ToList();
        return missing.Count == 0 ? found : throw new FileNotFoundException($"not found: {string.Join(", ", missing)}");
    }

    private static IEnumerable<string> FilesOf(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path) ? [path] : throw new FileNotFoundException($"{path}: there is no such file or folder");
        }

        var files = Directory.GetFiles(path, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        return files.Count > 0 ? files : throw new FileNotFoundException($"{path}: there is no model below this folder");
    }
}

/// <summary>Stops the program because a model does not compile or gives wrong results.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
