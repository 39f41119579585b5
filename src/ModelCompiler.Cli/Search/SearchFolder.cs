using System.Text.Json;
using ModelCompiler.Compression.Search;

namespace ModelCompiler.Cli.Search;

/// <summary>
/// The folder in which a search keeps what it has found out. Steps are there whole or not at all: they are made in a folder of another name
/// and get theirs at the end.
/// </summary>
internal sealed class SearchFolder : IDisposable
{
    private const string StateFile = "search.json";
    private const string StepFile = "step.json";
    private const string ModelFile = "model.onnx";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private readonly string _path;
    private readonly FileStream _held;

    private SearchFolder(string path, FileStream held, State state)
    {
        (_path, _held, Saved) = (path, held, state);
    }

    /// <summary>What is kept of a search besides its steps.</summary>
    /// <param name="Settings">Everything that the results of steps depend on.</param>
    /// <param name="Seconds">Time that was spent.</param>
    /// <param name="Trials">Designs that were measured, in order.</param>
    internal sealed record State(IReadOnlyDictionary<string, string> Settings, double Seconds, IReadOnlyList<TrialName> Trials);

    /// <summary>A design and how long it was trained.</summary>
    internal sealed record TrialName(Design Design, int Level);

    /// <summary>What was saved last, or nothing but the settings.</summary>
    public State Saved { get; private set; }

    /// <summary>The file of the samples to calibrate with.</summary>
    public string Calibration => Path.Combine(_path, "calibration.npz");

    /// <summary>Opens the folder of a new search or of one that is to go on.</summary>
    /// <exception cref="CommandException">It is in use, damaged, or of another search; the message says what differs.</exception>
    public static SearchFolder Open(string path, IReadOnlyDictionary<string, string> settings)
    {
        Directory.CreateDirectory(Path.Combine(path, "steps"));
        var held = Hold(path);
        try
        {
            var file = Path.Combine(path, StateFile);
            var state = File.Exists(file) ? Read(file) : new(settings, 0, []);
            var differing = settings.Keys.Union(state.Settings.Keys).Where(k => Of(settings, k) != Of(state.Settings, k)).ToList();
            return differing.Count == 0
                ? new(path, held, state)
                : throw new CommandException(
                    $"{path} holds another search: {string.Join(", ", differing.Select(k => $"{k} was {Of(state.Settings, k)} and is {Of(settings, k)}"))}. Give another --work, or what it was."
                );
        }
        catch
        {
            held.Dispose();
            throw;
        }

        static string Of(IReadOnlyDictionary<string, string> settings, string name) => settings.GetValueOrDefault(name, "not there");
    }

    /// <summary>Keeps the state of the search.</summary>
    public void Save(double seconds, IEnumerable<Trial> trials) =>
        Save(new(Saved.Settings, seconds, [.. trials.Where(t => t.IsMeasured).Select(t => new TrialName(t.Design, t.Level))]));

    /// <summary>Keeps how long was searched.</summary>
    public void SaveTime(double seconds) => Save(Saved with { Seconds = seconds });

    /// <summary>The file of a step's model.</summary>
    public string ModelOf(string id) => Path.Combine(_path, "steps", id, ModelFile);

    /// <summary>What a step has come to; null where it was not made, or not to its end.</summary>
    public StepResult? Find(string id)
    {
        var file = Path.Combine(_path, "steps", id, StepFile);
        return File.Exists(file) ? Read<StepResult>(file) : null;
    }

    /// <summary>A folder to make a step in; it may hold what an interrupted training left.</summary>
    public string Begin(string id) => Directory.CreateDirectory(Path.Combine(_path, "steps", id + ".partial")).FullName;

    /// <summary>The file that a step's model is written to before it is whole.</summary>
    public static string ModelIn(string partial) => Path.Combine(partial, ModelFile);

    /// <summary>Keeps a step that was made.</summary>
    public void Complete(string partial, StepResult result)
    {
        File.WriteAllBytes(Path.Combine(partial, StepFile), JsonSerializer.SerializeToUtf8Bytes(result, Json));
        Directory.Move(partial, Path.Combine(_path, "steps", result.Id));
    }

    /// <summary>Keeps what was found out of a step later.</summary>
    public void Update(StepResult result) =>
        WholeFile.Write(Path.Combine(_path, "steps", result.Id, StepFile), JsonSerializer.SerializeToUtf8Bytes(result, Json));

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();

    private void Save(State state)
    {
        Saved = state;
        WholeFile.Write(Path.Combine(_path, StateFile), JsonSerializer.SerializeToUtf8Bytes(state, Json));
    }

    private static FileStream Hold(string path)
    {
        try
        {
            return new(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException e)
        {
            throw new CommandException($"{path} is in use by another search: {e.Message}", e);
        }
    }

    private static State Read(string file) =>
        Read<State>(file) is { Settings: not null, Trials: { } trials, Seconds: >= 0 } state && trials.All(t => t?.Design is not null)
            ? state
            : throw Damaged(file);

    private static T Read<T>(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(file), Json) ?? throw Damaged(file);
        }
        catch (JsonException e)
        {
            throw Damaged(file, e);
        }
    }

    private static CommandException Damaged(string file, Exception? cause = null) =>
        new($"{file} is damaged. Delete it to begin the search anew; steps that were made are kept.", cause);
}
