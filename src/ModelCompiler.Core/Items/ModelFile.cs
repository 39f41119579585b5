using System.Security.Cryptography;
using System.Text;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;

namespace ModelCompiler.Items;

/// <summary>
/// A model item with the content of its files. Two are equal where item and contents are, so that an incremental build knows
/// whether anything changed. Analysers and generators are told not to read files, because the compiler would not notice changes;
/// a model is no text that the compiler could hand over, so it is read here, and the package's targets see to the notice.
/// </summary>
public sealed class ModelFile : IEquatable<ModelFile>
{
    private readonly string _contentHash;
    private readonly byte[] _bytes;
    private readonly CompileOptions _options;
    private readonly EquatableArray<Problem> _problems;
    private readonly Lazy<PlannedModel> _plan;

    private ModelFile(ModelItem item, byte[] bytes, string contentHash, CompileOptions options, IEnumerable<Problem> problems)
    {
        Item = item;
        _bytes = bytes;
        _contentHash = contentHash;
        _options = options;
        _problems = problems.ToArray();
        _plan = new Lazy<PlannedModel>(MakePlan);
    }

    /// <summary>The item.</summary>
    public ModelItem Item { get; }

    /// <summary>What it says.</summary>
    public CompileOptions Options => _options;

    /// <summary>Namespace and name of the class.</summary>
    public string FullName => _options.Namespace.Length > 0 ? $"{_options.Namespace}.{_options.ClassName}" : _options.ClassName;

    /// <summary>The model as far as the plan; made when it is first asked for.</summary>
    public PlannedModel Plan => _plan.Value;

    /// <summary>Reads the files of an item. Files that cannot be read are problems.</summary>
    public static ModelFile Load(ModelItem item)
    {
        var problems = new List<Problem>();
        var options = item.ToOptions(problems);
        var bytes = Read(item.Path, ProblemKinds.NotAModel, problems) ?? [];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(bytes);
        if (item.Labels.Length > 0 && Read(item.Labels, ProblemKinds.InvalidOption, problems) is { } labels)
        {
            hash.AppendData(labels);
            var lines = Encoding.UTF8.GetString(labels).TrimStart('\uFEFF').Split('\n').Select(l => l.Trim()).ToList();
            options = options with { Labels = lines.Take(lines.FindLastIndex(l => l.Length > 0) + 1).ToArray() };
        }

        foreach (var location in ExternalData.Locations(bytes))
        {
            hash.AppendData(ReadExternal(item.Path, location) ?? []);
        }

        return new ModelFile(item, bytes, Convert.ToBase64String(hash.GetHashAndReset()), options, problems);
    }

    /// <summary>The same file with one more problem.</summary>
    public ModelFile With(Problem problem) => new(Item, _bytes, _contentHash, _options, [.. _problems, problem]);

    /// <inheritdoc/>
    public bool Equals(ModelFile? other) =>
        other is not null && _contentHash == other._contentHash && Item == other.Item && _problems == other._problems;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ModelFile);

    /// <inheritdoc/>
    public override int GetHashCode() => _contentHash.GetHashCode();

    private PlannedModel MakePlan()
    {
        // A file that could not be read has said so already.
        if (_bytes.Length == 0 && _problems.Count > 0)
        {
            return new PlannedModel(null, _options, [.. _problems]);
        }

        try
        {
            var plan = ModelCompilation.Plan(new ModelSource(Item.Path, _bytes, l => ReadExternal(Item.Path, l)), _options);
            return _problems.Count == 0 ? plan : new PlannedModel(null, _options, [.. _problems, .. plan.Problems]);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever it is, it is a defect of the compiler; the build says so and goes on to the next model.
            var where = e.StackTrace?.Split('\n').FirstOrDefault()?.Trim();
            return new PlannedModel(
                null,
                _options,
                [
                    .. _problems,
                    new(
                        ProblemKinds.InternalError,
                        $"the compiler failed with {e.GetType().Name}: {e.Message} ({where}); this is a defect of ModelCompiler, please report it with the model"
                    ),
                ]
            );
        }
    }

    private static byte[]? Read(string path, ProblemKind kind, List<Problem> problems)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(new(kind, $"'{path}' cannot be read: {e.Message}"));
            return null;
        }
    }

    private static byte[]? ReadExternal(string model, string location)
    {
        var path = Path.Combine(Path.GetDirectoryName(model) ?? "", location);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }
}
