using System.Text.Json;

namespace ModelCompiler.Cli.Reports.Html;

/// <summary>A model that a search has found.</summary>
/// <param name="Design">What was done to the original, for people.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="WeightBytes">Bytes of weights in the binary.</param>
/// <param name="ArenaBytes">Bytes of the arena.</param>
/// <param name="ValidationAccuracy">Part of the validation items that it gets right, 0 to 1.</param>
/// <param name="Commands">The commands that make it.</param>
/// <param name="TestAccuracy">Part of the test items; null where they were not looked at.</param>
internal sealed record FrontPoint(
    string Design,
    long Macs,
    long WeightBytes,
    long ArenaBytes,
    double ValidationAccuracy,
    IReadOnlyList<string> Commands,
    double? TestAccuracy
);

/// <summary>The result of a search, as a JSON file has it.</summary>
/// <param name="Baseline">What the others are measured against.</param>
/// <param name="Front">The models of which none is better than another in everything.</param>
/// <param name="Chosen">The model that was chosen; null where none was.</param>
internal sealed record SearchFront(FrontPoint Baseline, IReadOnlyList<FrontPoint> Front, FrontPoint? Chosen)
{
    /// <summary>A front is a page of numbers; a file of more bytes is something else.</summary>
    private const long MostBytes = 16 << 20;

    private const int MostPoints = 1000;

    /// <summary>Reads the JSON of a search: <c>baseline</c>, <c>front</c> and <c>chosen</c>; other keys are left alone.</summary>
    /// <exception cref="InvalidDataException">The file is not the result of a search.</exception>
    public static SearchFront Read(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MostBytes and var length })
        {
            throw Fault(path, $"expected at most {MostBytes} bytes, found {length}");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            var front = Property(root, "front", JsonValueKind.Array, path);
            return front.GetArrayLength() is 0 or > MostPoints
                ? throw Fault(path, $"expected 1 to {MostPoints} elements of 'front', found {front.GetArrayLength()}")
                : new(
                    Point(Property(root, "baseline", JsonValueKind.Object, path), "baseline", path),
                    [.. front.EnumerateArray().Select((p, i) => Point(p, $"front[{i}]", path))],
                    root.TryGetProperty("chosen", out var chosen) && chosen.ValueKind != JsonValueKind.Null
                        ? Point(chosen, "chosen", path)
                        : null
                );
        }
        catch (JsonException e)
        {
            throw Fault(path, $"it is no JSON: {e.Message}");
        }
    }

    private static FrontPoint Point(JsonElement point, string name, string path)
    {
        if (point.ValueKind != JsonValueKind.Object)
        {
            throw Fault(path, $"expected an object as '{name}', found {point.ValueKind}");
        }

        return new(
            Property(point, "design", JsonValueKind.String, path, name).GetString()!,
            Count("macs"),
            Count("weightBytes"),
            Count("arenaBytes"),
            Share("validationAccuracy"),
            [.. Property(point, "commands", JsonValueKind.Array, path, name).EnumerateArray().Select(c => c.ToString())],
            point.TryGetProperty("testAccuracy", out var test) && test.ValueKind != JsonValueKind.Null ? Share("testAccuracy") : null
        );

        double Share(string key) =>
            Property(point, key, JsonValueKind.Number, path, name).GetDouble() is >= 0 and <= 1 and var share
                ? share
                : throw Fault(path, $"expected a number between 0 and 1 as '{key}' of '{name}'");

        long Count(string key) =>
            Property(point, key, JsonValueKind.Number, path, name).TryGetInt64(out var count) && count >= 0
                ? count
                : throw Fault(path, $"expected a whole number of at least 0 as '{key}' of '{name}'");
    }

    private static JsonElement Property(JsonElement parent, string key, JsonValueKind kind, string path, string name = "the file")
    {
        var found = JsonValueKind.Undefined;
        if (parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(key, out var value))
        {
            found = value.ValueKind;
            if (found == kind)
            {
                return value;
            }
        }

        throw Fault(path, $"expected '{key}' of '{name}' as {kind}, found {found}");
    }

    private static InvalidDataException Fault(string path, string message) => new($"{path} is not the result of a search: {message}.");
}
