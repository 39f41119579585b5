using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModelCompiler.Benchmarks.Results;

/// <summary>What one mode has measured in its last run.</summary>
/// <param name="Command">What wrote it.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Rows">The figures.</param>
internal sealed record Section<TRow>(string Command, Machine Machine, IReadOnlyList<TRow> Rows);

/// <summary>All results: the content of <c>performance.json</c>. Each mode replaces its own section and leaves the others.</summary>
internal sealed record Performance
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        NewLine = "\n",
        // Commands and instructions have a plus in them.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Against ONNX Runtime.</summary>
    public Section<SpeedRow>? Speed { get; init; }

    /// <summary>Targets against each other.</summary>
    public Section<TargetRow>? Targets { get; init; }

    /// <summary>Two threads against one.</summary>
    public Section<ThreadsRow>? Threads { get; init; }

    /// <summary>Compressed layers.</summary>
    public Section<SparseRow>? Sparse { get; init; }

    /// <summary>Native programs.</summary>
    public Section<NativeRow>? Native { get; init; }

    /// <summary>Inner loops for arm64.</summary>
    public Section<ArmRow>? Arm { get; init; }

    /// <summary>Builds.</summary>
    public Section<BuildRow>? Build { get; init; }

    /// <summary>What a folder holds; nothing where there is no file.</summary>
    /// <exception cref="InvalidDataException">The file is not one of results.</exception>
    public static Performance Read(string folder)
    {
        var file = JsonFile(folder);
        try
        {
            return File.Exists(file) ? Parse(File.ReadAllText(file)) : new();
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} does not hold results: {e.Message} Delete it to begin anew.", e);
        }
    }

    /// <summary>Reads JSON.</summary>
    public static Performance Parse(string json) => JsonSerializer.Deserialize<Performance>(json, Options)!;

    /// <summary>The same as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>Writes <c>performance.json</c> and, made from it, <c>performance.md</c>.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(JsonFile(folder), ToJson());
        File.WriteAllText(Path.Combine(folder, "performance.md"), PerformancePage.Of(this));
    }

    private static string JsonFile(string folder) => Path.Combine(folder, "performance.json");
}
