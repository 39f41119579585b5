using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Lowering;

namespace ModelCompiler.Verification;

/// <summary>Stops because the model file cannot be read at all.</summary>
public sealed class UnreadableModelException(string path, Problem problem) : Exception(problem.Message)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>What the compiler would say of it.</summary>
    public Problem Problem { get; } = problem;
}

/// <summary>A model file with all that decides how it is compiled and what it is run on.</summary>
/// <param name="File">The file.</param>
/// <param name="Options">How it is compiled; input shapes are those of the first set of recorded data, unless the user binds dimensions.</param>
/// <param name="Data">Recorded data.</param>
public sealed record ModelCase(OnnxFile File, CompileOptions Options, IReadOnlyList<TestDataSet> Data)
{
    /// <summary>Reads a model and the recorded data that belong to it.</summary>
    /// <param name="path">The model file.</param>
    /// <param name="options">What the user has chosen.</param>
    /// <param name="data">A folder with <c>test_data_set_*</c>, or one of these itself; null for the model's own folder.</param>
    /// <exception cref="UnreadableModelException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The folder has no data.</exception>
    public static ModelCase Open(string path, CompileOptions options, string? data = null)
    {
        var file = Read(path);
        var sets = DataFolders(data ?? file.Folder).Select(d => TestDataSet.Load(file, d)).ToList();
        if (data is not null && sets.Count == 0)
        {
            throw new InvalidDataException($"'{data}' has no folder test_data_set_* and is none.");
        }

        return new ModelCase(
            file,
            options.Dimensions.Count == 0 && options.Ranges.Count == 0 && sets.Count > 0
                ? options with
                {
                    InputShapes = sets[0].InputShapes,
                    Dimensions = sets[0].Dimensions,
                }
                : options,
            sets
        );
    }

    /// <summary>Compiles the model.</summary>
    public CompiledModel Compile() => Compile(File.Source, Options);

    /// <summary>Compiles a model; what the compiler throws becomes a problem, because it is always a defect of the compiler.</summary>
    public static CompiledModel Compile(ModelSource source, CompileOptions options) =>
        Guard(
            source,
            () => ModelCompilation.Compile(source, options),
            problem => new CompiledModel([], [], "", "", WeightImage.Empty, [problem])
        );

    /// <summary>Everything up to the emitter, for those who want to look at the plan.</summary>
    internal (KernelProgram? Program, ImmutableArray<Problem> Problems) Lower() =>
        Guard(File.Source, () => ModelCompilation.Lower(File.Source, Options), problem => (null, [problem]));

    /// <summary>Recorded inputs that fit the network, or random ones.</summary>
    public IReadOnlyList<NamedTensor> InputsFor(CompiledNetwork network)
    {
        var recorded = Data.FirstOrDefault(d => network.Inputs.All(p => d.Inputs.Any(i => i.Name == p.Name && i.Type == p.Type)));
        return recorded is null
            ? RandomInputs.For(File, network.Inputs)
            : [.. network.Inputs.Select(p => recorded.Inputs.First(i => i.Name == p.Name))];
    }

    private static T Guard<T>(ModelSource source, Func<T> compile, Func<Problem, T> failed)
    {
        try
        {
            return compile();
        }
        catch (Exception e)
        {
            return failed(new Problem(ProblemKinds.InternalError, $"{source.Path}: {e.GetType().Name}: {e.Message}"));
        }
    }

    private static OnnxFile Read(string path)
    {
        try
        {
            return OnnxFile.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var message = System.IO.File.Exists(path) ? $"{path}: the file cannot be read: {e.Message}" : $"{path}: there is no such file";
            throw new UnreadableModelException(path, new Problem(ProblemKinds.NotAModel, message));
        }
    }

    private static IReadOnlyList<string> DataFolders(string folder) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)).StartsWith("test_data_set_", StringComparison.Ordinal)
            ? [Path.TrimEndingDirectorySeparator(folder)]
            : TestDataSet.Find(folder);
}
