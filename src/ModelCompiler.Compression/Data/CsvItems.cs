using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>Rows of a table, or windows over several of them: what is measured at successive times.</summary>
internal sealed class CsvItems : DataItems
{
    private readonly CsvTable _table;
    private readonly int? _window;
    private readonly float[][] _rows;
    private readonly IReadOnlyList<int> _starts;
    private readonly IReadOnlyList<bool> _isLearnt;
    private readonly float[][]? _targets;

    public CsvItems(DataSource source)
    {
        var reading = source.Table;
        _table = CsvTable.Read(source.Path, reading.Header);
        _window = reading.Window;
        var labels = _table.ColumnsOf(reading.Label);
        int? group = source.SplitBy is { } name ? _table.Column(name) : null;
        var columns =
            reading.Columns.Count > 0
                ? _table.ColumnsOf(reading.Columns)
                : [.. Enumerable.Range(0, _table.Columns).Where(c => !labels.Contains(c) && c != group)];
        if (columns.Count == 0)
        {
            throw new CompressionException($"{source.Path} has no columns that go into a model");
        }

        _rows = [.. Enumerable.Range(0, _table.Rows.Count).Select(row => columns.Select(c => _table.Number(row, c)).ToArray())];
        Shape = _window is { } window ? new(columns.Count, window) : new(columns.Count);
        (_starts, _isLearnt) = Starts(group, reading);
        if (group is { } of)
        {
            Groups = [.. _starts.Select(s => _table.Rows[s][of])];
        }

        switch (labels)
        {
            case []:
                break;
            case [var column] when AreClasses(column):
                (Labels, ClassNames) = ClassesOf(column, source.ClassNames);
                break;
            default:
                TargetType = new(ElementType.Float32, new TensorShape(labels.Count));
                _targets = [.. _starts.Select(s => labels.Select(c => _table.Number(Last(s), c)).ToArray())];
                break;
        }
    }

    public static DataForm Form { get; } =
        new(
            "a .csv file (--label says which column has the class)",
            source => source.Path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && File.Exists(source.Path),
            source => source.Table.TrainingRows is null ? new(() => new CsvItems(source), () => null) : Divided(source),
            NamesClasses: true
        );

    public override int Count => _starts.Count;

    public override TensorShape Shape { get; }

    public override IReadOnlyList<long>? Labels { get; }

    public override IReadOnlyList<string>? ClassNames { get; }

    public override IReadOnlyList<string>? Groups { get; }

    public override TensorType? TargetType { get; }

    public override Array Target(int item) => _targets is { } targets ? targets[item] : base.Target(item);

    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        if (inputs is not [{ Type.Element: ElementType.Float32 } port])
        {
            throw new CompressionException(
                $"{_table.Path}: a table goes into models with one input of floats; this one has {string.Join(", ", inputs.Select(i => $"{i.Name} {i.Type}"))}"
            );
        }

        var (columns, rows) = (Shape[0], _window ?? 1);
        // Recurrent networks take time first, convolutions channels first.
        var timeFirst = columns != rows && port.Type.Shape.Where(s => s != 1).SequenceEqual(new[] { rows, columns }.Where(s => s != 1));
        if (!timeFirst)
        {
            ItemShapes.Require($"{_table.Path}: an item", Shape, port);
        }

        return (item, _) =>
        {
            var elements = new float[columns * rows];
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < columns; column++)
                {
                    elements[timeFirst ? (row * columns) + column : (column * rows) + row] = _rows[_starts[item] + row][column];
                }
            }

            return [new NamedTensor(port.Name, port.Type, elements)];
        };
    }

    private int Last(int start) => start + (_window ?? 1) - 1;

    /// <summary>What is learnt from and what is measured with, in one table that is read once.</summary>
    private static DataSet Divided(DataSource source)
    {
        var items = new Lazy<CsvItems>(() => new CsvItems(source));
        return new(() => items.Value.Side(learnt: true), () => items.Value.Side(learnt: false));
    }

    private DataItems Side(bool learnt)
    {
        var which = Enumerable.Range(0, Count).Where(i => _isLearnt[i] == learnt).ToList();
        return which.Count > 0
            ? Subset(which)
            : throw new CompressionException(
                $"{_table.Path} has {_table.Rows.Count} rows; the rows to learn from leave no item{(_window is { } window ? $" of {window} rows" : "")} {(learnt ? "among them" : "to test with behind them")}"
            );
    }

    /// <summary>
    /// Where items begin, and which of them are learnt from: a window does not reach from one group into the next, nor from rows that are
    /// learnt from into those behind them.
    /// </summary>
    private (List<int> Starts, List<bool> IsLearnt) Starts(int? group, TableReading reading)
    {
        var (rows, starts, isLearnt) = (_table.Rows, new List<int>(), new List<bool>());
        for (int begin = 0, end; begin < rows.Count; begin = end)
        {
            end = begin + 1;
            while (end < rows.Count && (group is not { } g || rows[end][g] == rows[begin][g]))
            {
                end++;
            }

            var learnt = begin + (reading.TrainingRows?.Of(end - begin) ?? end - begin);
            Add(begin, learnt, true);
            Add(learnt, end, false);
        }

        return starts.Count > 0
            ? (starts, isLearnt)
            : throw new CompressionException(
                $"{_table.Path} has {rows.Count} rows, of which none follow each other for a window of {_window}"
            );

        void Add(int begin, int end, bool learnt)
        {
            for (var start = begin; Last(start) < end; start += reading.Stride ?? reading.Window ?? 1)
            {
                starts.Add(start);
                isLearnt.Add(learnt);
            }
        }
    }

    /// <summary>Whether a column has classes: words, or whole numbers from 0, in all rows.</summary>
    private bool AreClasses(int column)
    {
        var cells = _table.Rows.Select(r => r[column]).Distinct().ToList();
        return cells.TrueForAll(c => IsClassNumber(c)) || cells.Exists(c => !float.TryParse(c, CultureInfo.InvariantCulture, out _));
    }

    private (IReadOnlyList<long> Labels, IReadOnlyList<string>? Names) ClassesOf(int column, IReadOnlyList<string>? names)
    {
        string[] cells = [.. _starts.Select(s => _table.Rows[Last(s)][column])];
        if (Array.FindIndex(cells, c => c.Length == 0) is >= 0 and var empty)
        {
            throw new CompressionException($"{Place(empty)}: the class is missing");
        }

        if (names is null && Array.TrueForAll(cells, IsClassNumber))
        {
            return ([.. cells.Select(c => long.Parse(c, NumberStyles.None, CultureInfo.InvariantCulture))], null);
        }

        var all = names ?? [.. cells.Distinct().Order(StringComparer.Ordinal)];
        return (ClassNumbers.Of(cells, all, Place), all);

        string Place(int item) => $"{_table.Path}, line {_table.Lines[Last(_starts[item])]}, column {_table.Name(column)}";
    }

    private static bool IsClassNumber(string cell) =>
        int.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < int.MaxValue;
}
