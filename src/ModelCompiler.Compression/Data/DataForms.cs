namespace ModelCompiler.Compression.Data;

/// <summary>A form in which data are kept.</summary>
/// <param name="Description">What a folder or file of this form is, for messages and help.</param>
/// <param name="Fits">Whether a path is of this form, by a look at names.</param>
/// <param name="Read">Reads it.</param>
/// <param name="NamesClasses">Whether classes are numbered by their names, so that test data must be read with the names of the training data.</param>
public sealed record DataForm(string Description, Func<DataSource, bool> Fits, Func<DataSource, DataSet> Read, bool NamesClasses = false);

/// <summary>The table of forms.</summary>
public static class DataForms
{
    /// <summary>All forms; of several that fit the first is taken.</summary>
    public static IReadOnlyList<DataForm> All { get; } =
    [IdxFolder.Form, NpzItems.Form, CsvItems.Form, RecordedItems.Form, ImageFolder.Form, AudioFolder.Form];

    /// <summary>What a path may name, for messages and help.</summary>
    public static string Descriptions { get; } =
        $"{string.Join(", ", All.SkipLast(1).Select(f => f.Description))}, or {All[^1].Description}";

    /// <summary>The form of a data set.</summary>
    /// <exception cref="CompressionException">It has none that is known.</exception>
    public static DataForm Find(DataSource source) =>
        !File.Exists(source.Path) && !Directory.Exists(source.Path)
            ? throw new CompressionException($"'{source.Path}' is not there; data may be {Descriptions}")
            : All.FirstOrDefault(f => f.Fits(source))
                ?? throw new CompressionException($"'{source.Path}' holds no data that can be read; they may be {Descriptions}");
}
