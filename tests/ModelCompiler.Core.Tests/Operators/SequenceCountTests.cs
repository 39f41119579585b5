using CsCheck;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>TfIdfVectorizer: how often short sequences stand in rows.</summary>
public sealed class SequenceCountTests
{
    private static readonly string[] Modes = ["TF", "IDF", "TFIDF"];

    /// <summary>Single elements, pairs and triples of four values, so that many are found, in an order of the output that is not theirs.</summary>
    [Fact]
    public void Counts_of_sequences_equal_onnxruntime() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 3], Gen.Int[0, 2], Gen.Int[0, 9], Gen.Bool, Gen.Int[0, 1000])
            .Sample(
                (mode, least, more, skips, weighed, seed) =>
                {
                    var random = new Random(seed);
                    long[][] grams = [.. Distinct(random, 1, 3), .. Distinct(random, 2, 6), .. Distinct(random, 3, 9)];
                    (string, object)[] attributes =
                    [
                        .. Attributes(Modes[mode], least, Math.Min(least + more, 3), skips),
                        ("ngram_counts", (long[])[0, 3, 15]),
                        ("ngram_indexes", Enumerable.Range(0, 18).Select(i => (long)i).ToArray()),
                        ("pool_int64s", grams.SelectMany(g => g).ToArray()),
                        .. weighed ? [("weights", grams.Select((_, i) => 0.5f + i).ToArray())] : Array.Empty<(string, object)>(),
                    ];
                    var model = new OnnxModelBuilder(9);
                    var element = seed % 2 == 0 ? ElementType.Int32 : ElementType.Int64;
                    model.Output(model.Node("TfIdfVectorizer", [model.Input("x", element, 3, 11)], attributes), ElementType.Float32);
                    model.Output(model.Node("TfIdfVectorizer", [model.Input("y", element, 4)], attributes), ElementType.Float32);
                    var inputs = new Dictionary<string, Array> { ["x"] = Values(33), ["y"] = Values(4) };
                    Differential.Check(model, inputs: inputs, targets: [Target.Auto]);

                    Array Values(int count) =>
                        element == ElementType.Int32
                            ? Enumerable.Range(0, count).Select(_ => random.Next(4)).ToArray()
                            : Enumerable.Range(0, count).Select(_ => (long)random.Next(4)).ToArray();
                },
                iter: 8
            );

    [Theory]
    [InlineData("TF")]
    [InlineData("TFIDF")]
    public void Places_of_the_output_are_those_of_the_indices(string mode)
    {
        var model = new OnnxModelBuilder(9);
        (string, object)[] attributes =
        [
            .. Attributes(mode, 1, 2, 0),
            ("ngram_counts", (long[])[0, 2]),
            ("ngram_indexes", (long[])[2, 0, 1]),
            ("pool_int64s", (long[])[5, 6, 5, 6]),
            ("weights", (float[])[2, 3, 5]),
        ];
        model.Output(model.Node("TfIdfVectorizer", [model.Input("x", ElementType.Int64, 6)], attributes), ElementType.Float32);
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["x"] = (long[])[5, 6, 6, 5, 6, 7] }, targets: [Target.Auto]);
    }

    [Fact]
    public void Words_are_refused_as_strings_are()
    {
        var problem = Problem([.. Attributes("TF", 1, 1, 0), ("ngram_counts", (long[])[0]), ("pool_strings", (string[])["a"])]);

        Assert.Equal(ProblemKinds.UnsupportedForm, problem.Kind);
        Assert.Equal(Refusal.Strings.Reason, problem.Reason);
    }

    [Theory]
    [InlineData(1, 2, 0, new long[] { 0 }, new long[] { 0, 1 })]
    [InlineData(0, 1, 0, new long[] { 0 }, new long[] { 0, 1 })]
    [InlineData(1, 1, 0, new long[] { 0, 5 }, new long[] { 0, 1 })]
    [InlineData(1, 1, 0, new long[] { 1 }, new long[] { 0, 1 })]
    [InlineData(2, 2, 0, new long[] { 0, 1 }, new long[] { 0, 1 })]
    [InlineData(1, 1, 0, new long[] { 0 }, new long[] { 0, -1 })]
    [InlineData(1, 1, 0, new long[] { 0 }, new long[] { 0, long.MaxValue })]
    public void Pools_that_make_no_sense_are_problems(int least, int most, int skips, long[] counts, long[] indices) =>
        Assert.Equal(
            "MC0005",
            Problem([
                .. Attributes("TF", least, most, skips),
                ("ngram_counts", counts),
                ("ngram_indexes", indices),
                ("pool_int64s", (long[])[3, 4]),
            ]).Kind.Code
        );

    private static (string, object)[] Attributes(string mode, int least, int most, int skips) =>
        [("mode", mode), ("min_gram_length", least), ("max_gram_length", most), ("max_skip_count", skips)];

    private static Problem Problem((string, object)[] attributes)
    {
        var model = new OnnxModelBuilder(9);
        model.Output(model.Node("TfIdfVectorizer", [model.Input("x", ElementType.Int64, 6)], attributes), ElementType.Float32);
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), new());
        return Assert.Single(compiled.Problems);
    }

    private static IEnumerable<long[]> Distinct(Random random, int length, int count)
    {
        var found = new HashSet<int>();
        while (found.Count < count)
        {
            found.Add(random.Next(1 << (2 * length)));
        }

        return found.Select(code => Enumerable.Range(0, length).Select(i => (long)((code >> (2 * i)) & 3)).ToArray());
    }
}
