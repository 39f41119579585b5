namespace ModelCompiler.Compression.Data;

/// <summary>Parts of a data set.</summary>
public enum DataPart
{
    /// <summary>Items that are there to measure with, once, at the end.</summary>
    Test,

    /// <summary>The share of the others that is held back for choices.</summary>
    Validation,

    /// <summary>What is learnt from.</summary>
    Training,

    /// <summary>All but the test items.</summary>
    All,
}

/// <summary>A data set: items to learn and choose from, and items to measure with, where there are any. Neither is read before it is asked for.</summary>
public sealed class DataSet
{
    private readonly Lazy<DataItems> _training;
    private readonly Lazy<DataItems?> _test;

    internal DataSet(Func<DataItems> training, Func<DataItems?> test) => (_training, _test) = (new(training), new(test));

    /// <summary>Items to learn from and to choose by.</summary>
    public DataItems Training => _training.Value;

    /// <summary>Items to measure with; null where there are none.</summary>
    public DataItems? Test => _test.Value;

    /// <summary>Opens a data set.</summary>
    /// <exception cref="CompressionException">The path is none of the forms, or its content is not what it has to be.</exception>
    /// <exception cref="IOException">A file cannot be read. This and the others may also come when a part is asked for.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static DataSet Open(DataSource source)
    {
        var form = DataForms.Find(source);
        if (source.Audio is not null && form != AudioFolder.Form)
        {
            throw new CompressionException($"--audio is for {AudioFolder.Form.Description}, but '{source.Path}' is {form.Description}");
        }

        if (source.Table.TrainingRows is not null && form != CsvItems.Form)
        {
            throw new CompressionException(
                $"rows to learn from are of {CsvItems.Form.Description}, but '{source.Path}' is {form.Description}"
            );
        }

        var set = form.Read(source);
        if (source is { TestPath: not null, Table.TrainingRows: not null })
        {
            throw new CompressionException("test data of their own and the rows behind those to learn from cannot both be measured with");
        }

        if (source.TestPath is { } path)
        {
            return source.TestGroup is null
                ? new(() => set.Training, () => TestOf(set, source with { Path = path, TestPath = null }))
                : throw new CompressionException("a test group and test data of their own cannot both be measured with");
        }

        return source.TestGroup is { } group ? LeavingOut(set, source, group) : set;
    }

    /// <summary>One part of the data.</summary>
    /// <param name="part">Which.</param>
    /// <param name="validation">The share that is held back for choices.</param>
    /// <param name="seed">Decides which items these are.</param>
    /// <exception cref="CompressionException">There is no such part.</exception>
    public DataItems Part(DataPart part, double validation = ItemSplit.DefaultPart, int seed = 1) =>
        part switch
        {
            DataPart.Test => Test ?? throw new CompressionException("these data have no items to test with, only such to learn from"),
            DataPart.All => Training,
            DataPart.Validation => Training.Subset(ItemSplit.Of(Training, validation, seed).Validation),
            _ => Training.Subset(ItemSplit.Of(Training, validation, seed).Learning),
        };

    private static DataItems TestOf(DataSet set, DataSource source)
    {
        var form = DataForms.Find(source);
        var test = form.Read(source with { ClassNames = form.NamesClasses ? set.Training.ClassNames : null });
        return test.Test ?? test.Training;
    }

    private static DataSet LeavingOut(DataSet set, DataSource source, string group)
    {
        var split = new Lazy<ILookup<bool, int>>(() =>
        {
            if (set.Test is not null)
            {
                throw new CompressionException($"{source.Path} has test items of its own; a test group cannot be taken out of the others");
            }

            var groups =
                set.Training.Groups
                ?? throw new CompressionException($"{source.Path}: items have no groups; --split-by says what they are");
            return groups.Contains(group)
                ? Enumerable.Range(0, groups.Count).ToLookup(i => groups[i] == group)
                : throw new CompressionException(
                    $"{source.Path}: no item is of the group '{group}'; there are {string.Join(", ", groups.Distinct().Order(StringComparer.Ordinal).Take(20))}"
                );
        });
        return new(() => set.Training.Subset([.. split.Value[false]]), () => set.Training.Subset([.. split.Value[true]]));
    }
}
