using ModelCompiler.Compression.Data;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Tests.Data;

public sealed class NpzFileTests
{
    [Fact]
    public void Samples_that_are_written_are_read_again()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, NpzFile.OfSamples([Sample(1), Sample(2), Sample(3)]));
            var arrays = NpzFile.Read(path);

            Assert.Equal(["image", "more"], arrays.Select(a => a.Name));
            Assert.Equal(["Float32[3,1,2]", "Float32[3,1]"], arrays.Select(a => a.Type.ToString()));
            Assert.Equal(new float[] { 1, -1, 2, -2, 3, -3 }, arrays[0].Elements);
            Assert.Equal(new[] { 0.5f, 1, 1.5f }, arrays[1].Elements);
        }
        finally
        {
            File.Delete(path);
        }

        static IReadOnlyList<NamedTensor> Sample(float value) =>
            [
                new("image", new(ElementType.Float32, new(1, 2)), new[] { value, -value }),
                new("more", new(ElementType.Float32, new(1)), new[] { value / 2 }),
            ];
    }

    [Fact]
    public void No_samples_and_samples_that_are_no_floats_are_refused_in_a_sentence()
    {
        Assert.Throws<CompressionException>(() => NpzFile.OfSamples([]));
        var integers = new NamedTensor("x", new(ElementType.Int64, new(1)), new[] { 1L });
        Assert.Contains(
            "'x' is Int64[1]",
            Assert
                .Throws<CompressionException>(() =>
                    NpzFile.OfSamples([
                        [integers],
                    ])
                )
                .Message,
            StringComparison.Ordinal
        );
    }
}
