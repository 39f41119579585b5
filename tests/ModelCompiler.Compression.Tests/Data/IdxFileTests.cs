using System.IO.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class IdxFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("idx-");

    [Theory]
    [InlineData("pixels")]
    [InlineData("pixels.gz")]
    public void Dimensions_and_elements_are_read(string name)
    {
        var file = IdxFile.Read(Write(name, [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]));
        Assert.Equal([2, 3], file.Dimensions);
        Assert.Equal([1, 2, 3, 4, 5, 6], file.Elements);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 8 })]
    [InlineData(new byte[] { 0, 0, 9, 1, 0, 0, 0, 1, 1 })]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 2, 1 })]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 1, 1 })]
    [InlineData(new byte[] { 0, 0, 8, 1, 255, 0, 0, 1, 1, 1 })]
    [InlineData(new byte[] { 0, 0, 8, 2, 127, 255, 255, 255, 127, 255, 255, 255, 1 })]
    public void Damaged_files_are_refused_by_name(byte[] content)
    {
        var path = Write("damaged", content);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => IdxFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_without_as_many_labels_are_refused()
    {
        Write("t10k-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8]);
        Write("t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 3]);
        var set = DataSet.Open(new DataSource(_folder.FullName));
        Assert.Throws<InvalidDataException>(() => set.Test);

        Write("t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 3, 4]);
        var images = Assert.IsType<IdxItems>(DataSet.Open(new DataSource(_folder.FullName)).Test);
        Assert.Equal((2, new TensorShape(1, 1, 1)), (images.Count, images.Shape));
        Assert.Equal([3, 4], images.Labels);
        Assert.Equal(8, images.Image(1).Bytes[0]);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder.FullName, name);
        using var file = File.Create(path);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var zip = new GZipStream(file, CompressionLevel.Fastest);
            zip.Write(content);
        }
        else
        {
            file.Write(content);
        }

        return path;
    }
}
