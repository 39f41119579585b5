using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class ImageFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("images-");

    [Fact]
    public void Folders_are_classes_in_ordinal_order()
    {
        Write("train/b/1.bmp", 2, 2);
        Write("train/b/2.bmp", 2, 2);
        Write("train/a/1.bmp", 2, 2);
        Write("test/b/1.bmp", 2, 2);
        var set = Open();

        Assert.Equal(["a", "b"], set.Training.ClassNames);
        Assert.Equal([0, 1, 1], set.Training.Labels);
        // The only class of the test items has the number that it has among those to learn from.
        Assert.Equal([1], set.Test!.Labels);
        Assert.Equal(2, set.Test.Classes);
        Assert.Equal(new TensorShape(3, 2, 2), set.Training.Shape);
    }

    [Fact]
    public void The_model_decides_whether_images_are_grey_or_coloured()
    {
        Write("a/1.bmp", 1, 2, [255, 0, 0, 0, 0, 255]);
        var items = Open().Training;

        // Planes of red, green and blue; a BMP file has blue first.
        Assert.Equal([0f, 255, 0, 0, 255, 0], Elements(items, 1, 3, 1, 2));
        Assert.Equal(2, Elements(items, 1, 1, 1, 2).Length);
    }

    [Theory]
    [InlineData(ImageResize.Stretch, new float[] { 50, 200 })]
    [InlineData(ImageResize.Crop, new float[] { 100, 200 })]
    public void Images_are_resized_by_the_rule_that_is_asked_for(ImageResize resize, float[] expected)
    {
        // A grey line of four pixels into one of two: all of it, or (into 2×2 of 2×4) the middle.
        byte[] line = [0, 100, 200, 200];
        var height = resize == ImageResize.Crop ? 2 : 1;
        Write("a/1.bmp", height, 4, [.. Enumerable.Repeat(line, height).SelectMany(l => l.SelectMany(g => new[] { g, g, g }))]);
        var resized = Elements(Open(resize).Training, 1, 1, height, 2);

        // A pixel of half the size is the mean of three, weights 3, 3 and 1 from the edge on.
        Assert.InRange(resized[0], expected[0] - 25, expected[0] + 25);
        Assert.InRange(resized[1], expected[1] - 25, expected[1]);
    }

    [Fact]
    public void A_plain_surface_stays_as_it_is_in_any_size()
    {
        var plain = new Pixels(5, 7, 3, [.. Enumerable.Repeat((byte)77, 5 * 7 * 3)]);

        foreach (var (height, width) in new[] { (1, 1), (3, 11), (10, 2), (5, 7) })
        {
            foreach (var resize in new[] { ImageResize.Stretch, ImageResize.Crop })
            {
                Assert.All(plain.Resized(height, width, resize).Bytes, b => Assert.Equal(77, b));
            }
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_a_sentence()
    {
        Write("a/1.bmp", 2, 2);
        Write("b/2.bmp", 2, 3);
        Refused(["1.bmp", "2×2", "2.bmp", "2×3", "--resize"], () => Open().Training.Shape);
        Refused(["2×3", "2×2", "--resize"], () => Elements(Open().Training, 1, 3, 2, 2));
        Refused(["[1,5]"], () => Elements(Open().Training, 1, 5));
        Directory.CreateDirectory(At("c"));
        Refused(["the class 'c' has no image files"], () => Open().Training);
        Directory.Delete(At("c"));
        Write("stray.bmp", 2, 2);
        Refused(["stray.bmp", "beside the folders"], () => Open().Training);
        Directory.Move(At("a"), Directory.CreateDirectory(At("train")).FullName + "/a");
        Directory.CreateDirectory(At("test"));
        Directory.Move(At("b"), At("test/b"));
        Refused(["2.bmp", "'b'", "no item has that is learnt from"], () => Open().Test);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 0x42, 0x4D, 1, 0, 0, 0 })]
    public void A_file_that_is_no_image_is_named(byte[] content)
    {
        Directory.CreateDirectory(At("a"));
        File.WriteAllBytes(At("a/damaged.bmp"), content);

        var error = Assert.Throws<InvalidDataException>(() => Open().Training.Shape);
        Assert.Contains("damaged.bmp", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_ends_early_or_claims_too_much_is_named()
    {
        Write("a/1.bmp", 30_000, 30_000, []);
        Assert.Contains("30000×30000", Assert.Throws<InvalidDataException>(() => Open().Training.Shape).Message, StringComparison.Ordinal);
        var png = File.ReadAllBytes(SampleFiles.Images()[0]);
        File.Delete(At("a/1.bmp"));
        File.WriteAllBytes(At("a/1.png"), png[..(png.Length / 2)]);
        var error = Assert.Throws<InvalidDataException>(() => Elements(Open().Training, 1, 1, 28, 28));
        Assert.Contains("1.png", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_says_the_class_and_another_the_group_that_is_left_out()
    {
        foreach (var name in new[] { "7_ann_0", "7_bob_0", "3_ann_0", "3_bob_1" })
        {
            Write($"{name}.bmp", 1, 1);
        }

        var source = Source() with { LabelPattern = new(@"^(?<label>\d)_"), SplitBy = "_(?<group>[a-z]+)_" };
        var set = DataSet.Open(source with { TestGroup = "bob" });

        Assert.Equal(["3", "7"], set.Training.ClassNames);
        Assert.Equal(["ann", "ann"], set.Training.Groups);
        Assert.Equal([0, 1], set.Test!.Labels);
        Assert.Equal(["bob", "bob"], set.Test.Groups);
        // A split holds whole groups back.
        var split = ItemSplit.Of(DataSet.Open(source).Training, 0.1, 1);
        Assert.Equal(2, split.Validation.Count);
        Assert.Single(split.Validation.Select(i => DataSet.Open(source).Training.Groups![i]).Distinct());
        Refused(["group 'carl'", "ann, bob"], () => DataSet.Open(source with { TestGroup = "carl" }).Test);
        Refused(["--split-by"], () => DataSet.Open(source with { SplitBy = null, TestGroup = "bob" }).Test);
        Refused(["'3_ann_0.bmp'", "--label-pattern"], () => DataSet.Open(source with { LabelPattern = new("x(?<label>.)") }).Training);
        Refused(["all items are of the group"], () => ItemSplit.Of(set.Training, 0.1, 1));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Refused(string[] parts, Func<object?> work)
    {
        var message = Assert.Throws<CompressionException>(work).Message;
        Assert.All(parts, p => Assert.Contains(p, message, StringComparison.Ordinal));
    }

    private static float[] Elements(DataItems items, params int[] shape) =>
        (float[])items.For([new ModelPort("x", new TensorType(ElementType.Float32, new TensorShape(shape)))])(0)[0].Elements;

    private DataSource Source() => new(_folder.FullName) { Pixels = PixelRange.Byte };

    private DataSet Open(ImageResize resize = ImageResize.None) => DataSet.Open(Source() with { Images = new() { Resize = resize } });

    private string At(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>An uncompressed image of three bytes a pixel: blue, green, red.</summary>
    private void Write(string name, int height, int width, byte[]? pixels = null)
    {
        var (row, path) = (((width * 3) + 3) / 4 * 4, At(name));
        pixels ??= new byte[height * width * 3];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new BinaryWriter(File.Create(path));
        file.Write("BM"u8);
        foreach (var number in new[] { 54 + (row * height), 0, 54, 40, width, -height, 1 | (24 << 16), 0, 0, 0, 0, 0, 0 })
        {
            file.Write(number);
        }

        for (var y = 0; y < height && pixels.Length > 0; y++)
        {
            file.Write(pixels, y * width * 3, width * 3);
            file.Write(new byte[row - (width * 3)]);
        }
    }
}
