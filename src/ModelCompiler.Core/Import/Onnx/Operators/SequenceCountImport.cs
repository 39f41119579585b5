using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>
/// TfIdfVectorizer (opset 9) of integers: how often each short sequence of a pool (an n-gram) stands in a row, its elements next to each
/// other or some places apart.
/// </summary>
internal static class SequenceCountImport
{
    /// <summary>Lengths times distances that are written out: there is a comparison with the pool for each.</summary>
    private const int MaxComparisons = 256;

    /// <summary>The sequences of one length.</summary>
    /// <param name="Length">How many elements each has.</param>
    /// <param name="Begin">Where the first one begins in the pool.</param>
    /// <param name="Count">How many there are.</param>
    /// <param name="First">The number of the first one among those of all lengths.</param>
    private readonly record struct Grams(int Length, int Begin, int Count, int First);

    public static ImmutableArray<Value> TfIdfVectorizer(OnnxNode node, GraphBuilder graph)
    {
        if (node.HasAttribute("pool_strings"))
        {
            throw node.Unsupported("'pool_strings' is not supported; supported: 'pool_int64s'", Refusal.Strings);
        }

        var given = new Term(graph, node.Input(0));
        if (given.Value.Element is not (ElementType.Int32 or ElementType.Int64) || given.Shape.Rank is not (1 or 2))
        {
            throw new ShapeException($"integers [C] or [N, C] were expected, found {given.Value.Type}");
        }

        var rows = given.Reshape(given.Shape.Rank == 1 ? 1 : given.Shape[0], given.Shape[given.Shape.Rank - 1]);
        var pool = node.Ints("pool_int64s") ?? throw new ShapeException("attribute 'pool_int64s' is missing");
        var counts = new List<Term>();
        var numbers = new List<int>();
        foreach (var grams in Read(node, pool.Length))
        {
            if (Counted(node, rows, pool, grams) is { } counted)
            {
                counts.Add(counted);
                numbers.AddRange(Enumerable.Range(grams.First, grams.Count));
            }
        }

        var indices = node.Ints("ngram_indexes")!;
        var width = Width(indices);
        var y = counts.Count == 0 ? Zeros(graph, rows.Shape[0], width) : Placed(node, Joined(counts), numbers, indices, width);
        return [(given.Shape.Rank == 1 ? y.Reshape(width) : y).Value];
    }

    /// <summary>The sequences that count, by length; one with no elements begins where the next one does.</summary>
    private static List<Grams> Read(OnnxNode node, int pool)
    {
        var (least, most) = (node.RequiredInt("min_gram_length"), node.RequiredInt("max_gram_length"));
        var begins = node.Ints("ngram_counts") ?? throw new ShapeException("attribute 'ngram_counts' is missing");
        var indices = node.Ints("ngram_indexes") ?? throw new ShapeException("attribute 'ngram_indexes' is missing");
        if (least < 1 || most < least || most > begins.Length)
        {
            throw new ShapeException($"sequences of {least} to {most} elements were asked for, 'ngram_counts' has {begins.Length} lengths");
        }

        var (all, first) = (new List<Grams>(), 0);
        for (var i = 0; i < begins.Length; i++)
        {
            var (begin, end) = (begins[i], i + 1 < begins.Length ? begins[i + 1] : pool);
            if (begin < 0 || end < begin || end > pool || (end - begin) % (i + 1) != 0)
            {
                throw new ShapeException($"sequences of {i + 1} elements cannot stand from {begin} to {end} in a pool of {pool}");
            }

            var grams = new Grams(i + 1, (int)begin, (int)(end - begin) / (i + 1), first);
            first += grams.Count;
            if (grams.Count > 0 && grams.Length >= least && grams.Length <= most)
            {
                all.Add(grams);
            }
        }

        return first == indices.Length
            ? all
            : throw new ShapeException($"'ngram_indexes' has {indices.Length} entries for {first} sequences in the pool");
    }

    private static int Width(long[] indices)
    {
        var greatest = indices.DefaultIfEmpty(-1).Max();
        return indices.All(i => i >= 0) && greatest is >= 0 and < TensorShape.MaxElements
            ? (int)greatest + 1
            : throw new ShapeException("'ngram_indexes' has to have places from 0 on, and not too large ones");
    }

    /// <summary>How often each sequence stands in each row [N, sequences]; null where rows are too short for any.</summary>
    private static Term? Counted(OnnxNode node, Term rows, long[] pool, Grams grams)
    {
        var length = rows.Shape[1];
        var farthest = Math.Max(0, Math.Min(node.RequiredInt("max_skip_count"), length)) + 1;
        // A single element has no distances, and counts once.
        var reach = grams.Length == 1 ? Math.Min(1, length) : Math.Min(farthest, (length - 1) / (grams.Length - 1));
        if (reach * grams.Length > MaxComparisons)
        {
            throw node.Unsupported(
                $"sequences of {grams.Length} elements up to {reach} apart are not supported; supported: {MaxComparisons} comparisons a length"
            );
        }

        Term? sum = null;
        for (var distance = 1; distance <= reach; distance++)
        {
            var found = Found(rows, pool, grams, distance);
            sum = sum is { } before ? before + found : found;
        }

        return sum;
    }

    private static Term Found(Term rows, long[] pool, Grams grams, int distance)
    {
        var starts = rows.Shape[1] - (distance * (grams.Length - 1));
        Term? all = null;
        for (var i = 0; i < grams.Length; i++)
        {
            var elements = Tensor.Longs([.. Enumerable.Range(0, grams.Count).Select(g => pool[grams.Begin + (g * grams.Length) + i])]);
            var wanted = new Term(rows.Graph, rows.Graph.Constant(elements));
            var present = rows.Slice(1, i * distance, starts).Reshape(rows.Shape[0], starts, 1).To(ElementType.Int64);
            var same = present.With(BinaryFunction.Equal, wanted);
            all = all is { } before ? before.With(BinaryFunction.And, same) : same;
        }

        return all!.Value.To(ElementType.Float32).Apply(new Reduce(ReduceFunction.Sum, (int[])[1], KeepDims: false));
    }

    private static Term Joined(List<Term> counts) =>
        counts.Count == 1 ? counts[0] : counts[0].Apply(new Concat(1), [.. counts.Skip(1).Select(c => c.Value)]);

    /// <summary>Weighs the counts, and puts them where the output has them.</summary>
    private static Term Placed(OnnxNode node, Term counts, List<int> numbers, long[] indices, int width)
    {
        var graph = counts.Graph;
        var weighed = node.Text("mode", "") switch
        {
            "TF" => counts,
            "IDF" => counts.With(BinaryFunction.Greater, counts.Number(0)).To(ElementType.Float32) * Weights(),
            "TFIDF" => counts * Weights(),
            var other => throw node.Unsupported($"mode '{other}' is not supported; supported: TF, IDF, TFIDF"),
        };
        var places = graph.Constant(Tensor.Longs([.. numbers.Select(n => indices[n])]).Reshape(new TensorShape(numbers.Count, 1)));
        return Zeros(graph, width, counts.Shape[0])
            .Apply(new ScatterND(ScatterReduction.Add), places, weighed.Transpose(1, 0).Value)
            .Transpose(1, 0);

        Term Weights()
        {
            var weights = node.Floats("weights");
            if (weights is not null && weights.Length != indices.Length)
            {
                throw new ShapeException($"'weights' has {weights.Length} entries for {indices.Length} sequences");
            }

            float[] chosen = [.. numbers.Select(n => weights?[n] ?? 1)];
            return new Term(graph, graph.Constant(Tensor.Floats(new TensorShape(chosen.Length), chosen)));
        }
    }

    private static Term Zeros(GraphBuilder graph, int rows, int columns) =>
        new Term(graph, graph.Constant(Tensor.Floats(TensorShape.Scalar, 0))).Apply(new Expand(new TensorShape(rows, columns)));
}
