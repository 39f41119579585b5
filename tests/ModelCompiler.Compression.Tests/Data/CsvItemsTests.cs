using System.Globalization;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class CsvItemsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tables-");

    [Theory]
    [InlineData("a,b,kind\n1,2.5,cat\n3,-4e1,ant\n")]
    [InlineData("a;b;kind\r\n1;2.5;cat\r\n3;-4e1;ant\r\n")]
    [InlineData("\"a\",\"b\",\"kind\"\n1, 2.5 ,\"cat\"\n\"3\",-4e1,ant")]
    public void Rows_are_items_whatever_the_culture(string text)
    {
        var culture = CultureInfo.CurrentCulture;
        // As in German, by hand, because tests may run where no cultures are installed.
        var foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (foreign.NumberFormat.NumberDecimalSeparator, foreign.NumberFormat.NumberGroupSeparator) = (",", ".");
        CultureInfo.CurrentCulture = foreign;
        try
        {
            var items = Open(text, new() { Label = ["kind"] }).Training;

            Assert.Equal(
                [
                    [1f, 2.5f],
                    [3f, -40f],
                ],
                Elements(items, 1, 2)
            );
            Assert.Equal(["ant", "cat"], items.ClassNames);
            Assert.Equal([1, 0], items.Labels);
            Assert.Equal(new TensorShape(2), items.Shape);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Columns_without_names_have_numbers()
    {
        var items = Open("7,1,2,0\n8,3,4,2\n", new() { Label = ["4"], Columns = ["2-3"] }).Training;

        Assert.Equal(
            [
                [1f, 2],
                [3f, 4],
            ],
            Elements(items, 1, 2)
        );
        Assert.Equal([0, 2], items.Labels);
        Assert.Equal((3, null), (items.Classes, items.ClassNames));
    }

    [Fact]
    public void Numbers_that_are_no_classes_are_what_a_model_is_to_give()
    {
        var single = Open("x,y\n1,0.5\n2,1\n", new() { Label = ["y"] }).Training;
        Assert.Null(single.Labels);
        Assert.Equal([1f], (float[])single.Target(1));
        var autoencoder = Open("a,b\n1,2\n3,4\n", new() { Label = ["a", "b"], Columns = ["a", "b"] }).Training;
        Assert.Equal(new TensorShape(2), autoencoder.TargetType!.Shape);
        Assert.Equal([3f, 4], (float[])autoencoder.Target(1));
    }

    [Fact]
    public void Windows_go_over_rows_of_one_group_and_have_the_class_of_their_last()
    {
        const string Text = "who,a,b,c\nann,1,10,0\nann,2,20,1\nann,3,30,0\nbob,4,40,1\nbob,5,50,1\n";
        var table = new TableReading
        {
            Label = ["c"],
            Window = 2,
            Stride = 1,
        };
        var items = Open(Text, table, "who").Training;

        Assert.Equal(
            [
                [1f, 2, 10, 20],
                [2f, 3, 20, 30],
                [4f, 5, 40, 50],
            ],
            Elements(items, 1, 2, 2)
        );
        Assert.Equal([1, 0, 1], items.Labels);
        Assert.Equal(["ann", "ann", "bob"], items.Groups);
        var longer = Open(Text, table with { Window = 3 }, "who").Training;
        Assert.Equal(
            [
                [1f, 10, 2, 20, 3, 30],
            ],
            Elements(longer, 1, 3, 2)
        );
        Assert.Equal(
            [
                [1f, 2, 3, 10, 20, 30],
            ],
            Elements(longer, 1, 2, 3)
        );
    }

    [Fact]
    public void Test_rows_have_the_class_numbers_of_those_learnt_from()
    {
        var training = Write("a,k\n1,x\n2,y\n");
        var source = new DataSource(training)
        {
            TestPath = Write("a,k\n5,y\n"),
            Table = new() { Label = ["k"] },
        };

        Assert.Equal([1], DataSet.Open(source).Test!.Labels);
        Assert.Contains(
            "'z', which no item has that is learnt from",
            Assert.Throws<CompressionException>(() => DataSet.Open(source with { TestPath = Write("a,k\n5,z\n") }).Test).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Rows_at_the_beginning_of_each_group_are_learnt_from_and_those_behind_them_tested_with()
    {
        const string Text = "who,a,bad\nann,1,0\nann,2,0\nann,3,0\nann,4,1\nann,5,0\nbob,6,0\nbob,7,0\nbob,8,1\nbob,9,1\nbob,10,0\n";
        var table = new TableReading { Label = ["bad"], TrainingRows = LeadingRows.Parse("3") };

        var rows = Open(Text, table, "who");
        Assert.Equal([1f, 2, 3, 6, 7, 8], Elements(rows.Training, 1, 1).Select(e => e[0]));
        Assert.Equal([4f, 5, 9, 10], Elements(rows.Test!, 1, 1).Select(e => e[0]));
        Assert.Equal([1, 0, 1, 0], rows.Test!.Labels);
        Assert.Equal(["ann", "ann", "bob", "bob"], rows.Test.Groups);
        // Windows do not reach from one side to the other, so that nothing that is learnt from is tested with.
        var windows = Open(Text, table with { Window = 2, Stride = 1 }, "who");
        Assert.Equal(
            [
                [1f, 2],
                [2f, 3],
                [6f, 7],
                [7f, 8],
            ],
            Elements(windows.Training, 1, 2)
        );
        Assert.Equal(
            [
                [4f, 5],
                [9f, 10],
            ],
            Elements(windows.Test!, 1, 2)
        );
        Assert.Equal(
            [1f, 2, 6, 7],
            Elements(Open(Text, table with { TrainingRows = LeadingRows.Parse("40%") }, "who").Training, 1, 1).Select(e => e[0])
        );
        var share = table with { TrainingRows = LeadingRows.Parse("40%"), Columns = ["a"] };
        Assert.Equal(4, Open(Text, share).Training.Count);
    }

    [Theory]
    [InlineData("5", 1, "leave no item to test with behind them")]
    [InlineData("1", 2, "leave no item of 2 rows among them")]
    [InlineData("4", 2, "leave no item of 2 rows to test with behind them")]
    public void Leading_rows_leave_items_on_both_sides(string rows, int window, string expected)
    {
        var table = new TableReading { TrainingRows = LeadingRows.Parse(rows), Window = window > 1 ? window : null };
        var set = Open("1,2\n3,4\n5,6\n7,8\n9,0\n", table);
        var message = Assert.Throws<CompressionException>(() => (set.Training.Count, set.Test!.Count)).Message;

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(".csv has 5 rows", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("0.5")]
    [InlineData("0%")]
    [InlineData("100%")]
    [InlineData("1e1%")]
    [InlineData("%")]
    public void Leading_rows_are_a_number_or_percent(string text) => Assert.Throws<FormatException>(() => LeadingRows.Parse(text));

    [Fact]
    public void Leading_rows_are_of_one_table()
    {
        var table = Write("1,2\n3,4\n");
        var source = new DataSource(table) { Table = new() { TrainingRows = LeadingRows.Parse("1") } };
        Assert.Contains(
            "cannot both be measured with",
            Assert.Throws<CompressionException>(() => DataSet.Open(source with { TestPath = table })).Message,
            StringComparison.Ordinal
        );
        File.WriteAllBytes(Path.Combine(_folder.FullName, "x.png"), []);
        Assert.Contains(
            "rows to learn from are of a .csv file",
            Assert.Throws<CompressionException>(() => DataSet.Open(source with { Path = Path.GetDirectoryName(table)! })).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("a,b\n1,2\n3,NaN\n", null, "line 3, column 'b': 'NaN' is no finite number")]
    [InlineData("a,b\n1,2\n3,x\n", null, "line 3, column 'b': 'x' is no finite number")]
    [InlineData("1,2\n3,\n", null, "line 2, column 2: '' is no finite number")]
    [InlineData("a,b\n1,2\n3\n", null, "line 3: 2 cells were expected, found 1")]
    [InlineData("a,b\n1,2\n", "kind", "has no column 'kind'; it has a, b")]
    [InlineData("1,2\n1,2\n", "3", "has no column '3'; it has 2 columns without names")]
    [InlineData("a,k\n1,x\n2,\n", "k", "line 3, column 'k': the class is missing")]
    [InlineData("k\n1\n", "k", "no columns that go into a model")]
    [InlineData("a,b\n1,\"2\"\"\n", null, "line")]
    [InlineData("", null, "has no rows")]
    public void What_is_wrong_is_named_by_file_line_and_column(string text, string? label, string expected)
    {
        var message = Assert
            .Throws<CompressionException>(() => Open(text, new() { Label = label is null ? [] : [label] }).Training.Labels)
            .Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(".csv", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_both_shapes()
    {
        var items = Open("1,2,3\n4,5,6\n", new()).Training;
        var message = Assert.Throws<CompressionException>(() => Elements(items, 1, 4)).Message;

        Assert.Contains("[3]", message, StringComparison.Ordinal);
        Assert.Contains("Float32[1,4]", message, StringComparison.Ordinal);
        Assert.Contains(
            "a window of 3",
            Assert.Throws<CompressionException>(() => Open("1\n2\n", new() { Window = 3 }).Training).Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static IEnumerable<float[]> Elements(DataItems items, params int[] shape) =>
        items
            .Samples([new ModelPort("x", new TensorType(ElementType.Float32, new TensorShape(shape)))])
            .Select(s => (float[])s[0].Elements);

    private DataSet Open(string text, TableReading table, string? splitBy = null) =>
        DataSet.Open(new DataSource(Write(text)) { Table = table, SplitBy = splitBy });

    private string Write(string text)
    {
        var path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.csv");
        File.WriteAllText(path, text);
        return path;
    }
}
