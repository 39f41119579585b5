using System.IO.Compression;
using System.Text;
using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class DataSetTests : IDisposable
{
    private static readonly ModelPort Grey = new("image", new TensorType(ElementType.Float32, new TensorShape(1, 1, 28, 28)));
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("calibration-");

    [Theory]
    [InlineData(PixelRange.Unit, 0f, 1f)]
    [InlineData(PixelRange.Signed, -1f, 1f)]
    [InlineData(PixelRange.Byte, 0f, 255f)]
    public void Images_of_a_folder_become_pixels_in_the_wanted_range(PixelRange range, float black, float white)
    {
        foreach (var image in SampleFiles.Images().Take(3))
        {
            File.Copy(image, Path.Combine(_folder.FullName, Path.GetFileName(image)));
        }

        var samples = Read([Grey], _folder.FullName, 2, range);
        Assert.Equal(2, samples.Count);
        Assert.All(
            samples,
            s =>
            {
                Assert.Equal(black, Floats(s).Min());
                Assert.InRange(Floats(s).Max(), white * 0.8f, white);
            }
        );

        static float[] Floats(IReadOnlyList<NamedTensor> sample) => (float[])Assert.Single(sample).Elements;
    }

    [Fact]
    public void Colours_go_into_planes_or_stay_beside_each_other()
    {
        byte[] pixels = [1, 2, 3, 4, 5, 6];
        Assert.Equal([1f, 4, 2, 5, 3, 6], Sample(1, 3, 1, 2));
        Assert.Equal([1f, 2, 3, 4, 5, 6], Sample(1, 1, 2, 3));

        float[] Sample(params int[] shape) =>
            (float[])
                ImageInput
                    .Of([new ModelPort("x", new TensorType(ElementType.Float32, new TensorShape(shape)))], PixelRange.Byte)
                    .Sample(pixels)[0]
                    .Elements;
    }

    [Fact]
    public void Arrays_of_an_npz_file_are_cut_into_samples_by_name()
    {
        var path = WriteNpz(("b", "<f4", "(2, 1, 2)", [1f, 2, 3, 4]), ("a", "<f4", "(2,)", [5f, 6]));
        var samples = Read([Port("a", 1), Port("b", 1, 2)], path, 10, PixelRange.Unit);
        Assert.Equal([5f, 6], samples.Select(s => ((float[])s[0].Elements)[0]));
        Assert.Equal([3f, 4], (float[])samples[1][1].Elements);
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_a_sentence()
    {
        var path = WriteNpz(("a", "<f4", "(3,)", [1f, 2, 3]));
        Assert.Contains(
            "'x'",
            Assert.Throws<CompressionException>(() => Read([Port("x", 1, 2)], path, 1, PixelRange.Unit)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<InvalidDataException>(() => Read([Port("x", 1)], WriteNpz(("a", "<c8", "(1,)", [1f, 2])), 1, PixelRange.Unit));
        Assert.Throws<InvalidDataException>(() => Read([Port("x", 1)], WriteNpz(("a", "<f4", "(7,)", [1f])), 1, PixelRange.Unit));
        Assert.Contains(
            "element 1 of array 'a' is NaN",
            Assert.Throws<CompressionException>(() => Read([Port("a", 1)], WriteNpz(("a", "<f4", "(2,)", [1f, float.NaN])), 1, 0)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<CompressionException>(() => Read([Grey], _folder.FullName, 1, PixelRange.Unit));
        Assert.Throws<CompressionException>(() => Read([Grey], Path.Combine(_folder.FullName, "missing"), 1, PixelRange.Unit));
        File.WriteAllText(Path.Combine(_folder.FullName, "x.png"), "no picture");
        Assert.Throws<InvalidDataException>(() => Read([Grey], _folder.FullName, 1, PixelRange.Unit));
        Assert.Throws<CompressionException>(() => Read([Port("x", 1, 3)], _folder.FullName, 1, PixelRange.Unit));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static ModelPort Port(string name, params int[] shape) =>
        new(name, new TensorType(ElementType.Float32, new TensorShape(shape)));

    private static IReadOnlyList<IReadOnlyList<NamedTensor>> Read(
        IReadOnlyList<ModelPort> inputs,
        string path,
        int count,
        PixelRange range
    ) => DataSet.Open(new DataSource(path) { Model = ModelOf(inputs), Pixels = range }).Training.Spread(count).Samples(inputs);

    private static OnnxFile ModelOf(IReadOnlyList<ModelPort> inputs)
    {
        var model = new OnnxModelBuilder();
        foreach (var (name, type) in inputs)
        {
            model.Input(name, type.Element, [.. type.Shape]);
        }

        return OnnxFile.Of("model.onnx", model.Proto);
    }

    private string WriteNpz(params (string Name, string Type, string Shape, float[] Elements)[] arrays)
    {
        var path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.npz");
        using var zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, type, shape, elements) in arrays)
        {
            using var stream = zip.CreateEntry($"{name}.npy").Open();
            var header = Encoding.Latin1.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n");
            stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
            stream.Write(Elements.Bytes(elements));
        }

        return path;
    }
}
