using System.Text.RegularExpressions;

namespace ModelCompiler.Compression.Data;

/// <summary>Files that are an item each, with classes where folders or a pattern of names say them.</summary>
/// <param name="Paths">The files, in an order that depends on their names alone.</param>
/// <param name="Labels">The class of each; null where there are no classes.</param>
/// <param name="ClassNames">Names of the classes, in ordinal order; null where there are none.</param>
/// <param name="Groups">The group of each; null where none were asked for.</param>
internal sealed record ClassFiles(
    IReadOnlyList<string> Paths,
    IReadOnlyList<long>? Labels,
    IReadOnlyList<string>? ClassNames,
    IReadOnlyList<string>? Groups
)
{
    private const string TrainingFolder = "train";
    private const string TestFolder = "test";

    // A pattern that takes longer than this on a name is not a pattern of names.
    private static readonly TimeSpan MatchTime = TimeSpan.FromSeconds(1);

    /// <summary>Whether a folder has such files: itself, or in folders of classes or parts.</summary>
    public static bool Any(string folder, Func<string, bool> isItem) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any(isItem);

    /// <summary>
    /// A data set of files: <c>root/CLASS/FILE</c>, or <c>root/train/CLASS/FILE</c> and <c>root/test/CLASS/FILE</c>; with a pattern, or
    /// without classes, the files lie in <c>root</c>, or in <c>root/train</c> and <c>root/test</c>.
    /// </summary>
    /// <param name="source">Where, and what says the class.</param>
    /// <param name="what">What a file is, for messages.</param>
    /// <param name="isItem">Whether a file is one of them, by its name.</param>
    /// <param name="items">Makes items of them.</param>
    public static DataSet Open(DataSource source, string what, Func<string, bool> isItem, Func<string, ClassFiles, DataItems> items)
    {
        var (training, test) = (Path.Combine(source.Path, TrainingFolder), Path.Combine(source.Path, TestFolder));
        if (!Directory.Exists(training))
        {
            return new(() => Items(source.Path, source.ClassNames), () => null);
        }

        var learnt = new Lazy<ClassFiles>(() => Of(source, training, what, isItem, source.ClassNames));
        return new(
            () => items(training, learnt.Value),
            () => Directory.Exists(test) ? Items(test, source.ClassNames ?? learnt.Value.ClassNames) : null
        );

        DataItems Items(string folder, IReadOnlyList<string>? names) => items(folder, Of(source, folder, what, isItem, names));
    }

    private static ClassFiles Of(DataSource source, string folder, string what, Func<string, bool> isItem, IReadOnlyList<string>? names)
    {
        var folders = Directory.GetDirectories(folder).Order(StringComparer.Ordinal).ToList();
        var byFolder = source.LabelPattern is null && folders.Count > 0;
        var deep = byFolder || source.LabelPattern is not null;
        string[] paths =
        [
            .. Directory
                .GetFiles(folder, "*", deep ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly)
                .Where(isItem)
                .Order(StringComparer.Ordinal),
        ];
        if (paths.Length == 0)
        {
            throw new CompressionException($"{folder} has no {what} files");
        }

        var groups = GroupsOf(source, folder, paths);
        var classes =
            source.LabelPattern is { } pattern ? [.. paths.Select(p => Match(pattern, folder, p, "label", "--label-pattern"))]
            : byFolder ? paths.Select(p => ClassOf(folder, p, what)).ToList()
            : null;
        if (classes is null)
        {
            return new(paths, null, null, groups);
        }

        var found = classes.Distinct().Order(StringComparer.Ordinal).ToList();
        if (byFolder && folders.Select(d => Path.GetFileName(d)).Except(found).FirstOrDefault() is { } empty)
        {
            throw new CompressionException($"the class '{empty}' has no {what} files: {Path.Combine(folder, empty)}");
        }

        var labels = ClassNumbers.Of(classes, names ?? found, item => paths[item]);
        return new(paths, labels, names ?? found, groups);
    }

    private static string ClassOf(string folder, string path, string what)
    {
        var parts = Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
        return parts.Length > 1
            ? parts[0]
            : throw new CompressionException(
                $"{path} lies beside the folders of the classes; each {what} file must lie in that of its class"
            );
    }

    private static List<string>? GroupsOf(DataSource source, string folder, string[] paths)
    {
        if (source.SplitBy is not { } text)
        {
            return null;
        }

        try
        {
            var pattern = new Regex(text, RegexOptions.CultureInvariant, MatchTime);
            return [.. paths.Select(p => Match(pattern, folder, p, "group", "--split-by"))];
        }
        catch (ArgumentException e)
        {
            throw new CompressionException($"--split-by: {e.Message}", e);
        }
    }

    // The path below the folder, with / between its parts on every system.
    private static string Match(Regex pattern, string folder, string path, string group, string option)
    {
        var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
        var match = pattern.Match(name);
        return match.Groups[group] is { Success: true } named ? named.Value
            : match.Success && group == "group" && !pattern.GetGroupNames().Contains(group) ? match.Value
            : throw new CompressionException($"{option}: '{pattern}' finds no group '{group}' in '{name}' of {folder}");
    }
}
