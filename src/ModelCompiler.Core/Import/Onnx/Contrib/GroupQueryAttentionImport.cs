using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Contrib;

/// <summary>
/// GroupQueryAttention of com.microsoft: causal attention with a cache. How much of the cache counts is known at run time for each
/// batch, whether this is the first prompt at compile time.
/// </summary>
internal sealed class GroupQueryAttentionImport
{
    private readonly OnnxNode _node;
    private readonly GraphBuilder _graph;
    private readonly int _heads;
    private readonly int _groups;
    private readonly int _total;
    private readonly bool _isPrompt;
    private readonly Term _query;
    private readonly Term _key;
    private readonly Term _value;
    private readonly Term _counts;

    private GroupQueryAttentionImport(OnnxNode node, GraphBuilder graph)
    {
        (_node, _graph) = (node, graph);
        (_heads, _groups) = (Count("num_heads"), Count("kv_num_heads"));
        (_query, _key, _value) = Operands();
        var total = node.ConstantInput(6, "the total length").ToLongs();
        var cached = Math.Max(node.OptionalInput(3)?.Shape is { Rank: 4 } past ? past[2] : 0, Length);
        _total = total is [var given and > 0 and <= TensorShape.MaxElements]
            ? Math.Max((int)given, cached)
            : throw new ShapeException($"the total length is [{string.Join(",", total)}]");
        _isPrompt = total[0] == Length;
        _counts = new Term(graph, node.Input(5)).To(ElementType.Int64).Reshape(Batch, 1, 1, 1) + 1;
    }

    private int Batch => _query.Shape[0];

    private int Length => _query.Shape[1];

    private int Size => _query.Shape[3];

    /// <summary>Valid elements of the cache before this call, by batch.</summary>
    private Term Past => _isPrompt ? _counts * 0 : _counts - Length;

    public static ImmutableArray<Value> GroupQueryAttention(OnnxNode node, GraphBuilder graph)
    {
        if (node.Text("k_quant_type", "NONE") != "NONE" || node.Text("v_quant_type", "NONE") != "NONE" || node.HasOutput(3))
        {
            throw node.Unsupported("quantised caches and the output qk are not supported");
        }

        return new GroupQueryAttentionImport(node, graph).Attend();
    }

    private ImmutableArray<Value> Attend()
    {
        var (query, key) = (_query, _key);
        if (_node.Int("do_rotary", 0) != 0)
        {
            (query, key) = (Turned(query), Turned(key));
        }

        var (keys, values) = (Present(key, 3), Present(_value, 4));
        var scale = _node.Float("scale", 0) is var given and not 0 ? given : (float)(1 / Math.Sqrt(Size));
        var sink =
            _node.OptionalInput(11) is { } logits ? new Term(_graph, logits).Reshape(1, _heads, 1, 1)
            : _node.Int("smooth_softmax", 0) != 0 ? (query.Number(0) * query.Number(0)).Reshape(1, 1, 1, 1)
            : (Term?)null;
        var attended = ScaledAttention.Of(query.Transpose(0, 2, 1, 3), keys, values, scale, _node.Float("softcap", 0), Masks, sink);
        return [attended.ByPosition.Value, keys.Value, values.Value];
    }

    /// <summary>Query, key and value as [batch, length, heads, size]; they may come as one input.</summary>
    private (Term Query, Term Key, Term Value) Operands()
    {
        var query = new Term(_graph, _node.Input(0));
        var parts = _node.HasInput(1) ? _heads : _heads + (2 * _groups);
        if (query.Shape.Rank != 3 || query.Shape[2] % parts != 0 || _heads % _groups != 0)
        {
            throw new ShapeException($"{query.Shape} does not divide into {_heads} heads of {_groups} groups");
        }

        var split = query.Reshape(query.Shape[0], query.Shape[1], parts, query.Shape[2] / parts);
        return _node.HasInput(1)
            ? (split, Other(1), Other(2))
            : (split.Slice(2, 0, _heads), split.Slice(2, _heads, _groups), split.Slice(2, _heads + _groups, _groups));

        Term Other(int input) => new Term(_graph, _node.Input(input)).Reshape(split.Shape[0], split.Shape[1], _groups, split.Shape[3]);
    }

    /// <summary>Turned by the angles of their positions. Those of padding, which nobody reads, have the position 1.</summary>
    private Term Turned(Term x)
    {
        var given = _node.OptionalInput(9);
        var steps = AttentionMasks.Steps(_graph, Length, 1) + Past;
        var positions = given is not null
            ? new Term(_graph, given)
            : steps.With(BinaryFunction.Less, _counts).Choose(steps, steps.Number(1)).Reshape(Batch, Length);
        var (cos, sin) = (Angles(7, positions), Angles(8, positions));
        var turned = 2 * cos.Shape[3];
        return turned <= Size
            ? RotaryEmbeddingImport.Turn(x, cos, sin, _node.Int("rotary_interleaved", 0) != 0, turned)
            : throw new ShapeException($"{turned} turned elements of {Size} were asked for");
    }

    private Term Angles(int input, Term positions)
    {
        var picked = new Term(_graph, _node.Input(input)).Apply(new Gather(0), positions.Value);
        return picked.Shape.Rank == 3
            ? picked.Reshape(picked.Shape[0], picked.Shape[1], 1, picked.Shape[2])
            : throw new ShapeException($"input {input} gives {picked.Shape}; angles for each position were expected");
    }

    /// <summary>The valid elements of the cache, the new ones behind them, then zeros, as [batch, groups, total, size].</summary>
    private Term Present(Term added, int input)
    {
        var slots = AttentionMasks.Steps(_graph, _total, 1);
        var sources = slots - Past;
        var isNew = sources
            .With(BinaryFunction.GreaterOrEqual, sources.Number(0))
            .With(BinaryFunction.And, sources.With(BinaryFunction.Less, sources.Number(Length)));
        var places = isNew.Choose(sources, sources.Number(0)).Reshape(Batch, _total, 1);
        var candidates = added.Apply(new GatherND(1), places.Value).Transpose(0, 2, 1, 3);
        var none = candidates.Number(0);
        var isOld = sources.With(BinaryFunction.Less, sources.Number(0)).Transpose(0, 2, 1, 3);
        var old = _node.OptionalInput(input) is { Shape.Rank: 4 } past ? isOld.Choose(Filled(new Term(_graph, past)), none) : none;
        return isNew.Transpose(0, 2, 1, 3).Choose(candidates, old);
    }

    private Term Filled(Term past)
    {
        var missing = _total - past.Shape[2];
        return missing == 0 ? past : past.Apply(new Pad((int[])[0, 0, 0, 0], (int[])[0, 0, missing, 0], PadMode.Constant, 0));
    }

    private IEnumerable<Term> Masks(Term products)
    {
        var keys = AttentionMasks.Steps(_graph, _total, 3);
        var queries = AttentionMasks.Steps(_graph, Length, 2) + Past;
        var seen = keys.With(BinaryFunction.LessOrEqual, queries);
        if (_node.Int("local_window_size", -1) is > 0 and <= TensorShape.MaxElements and var window)
        {
            seen = seen.With(BinaryFunction.And, keys.With(BinaryFunction.Greater, queries - (double)window));
        }

        yield return seen.Choose(products.Number(0), products.Number(double.NegativeInfinity));
        if (_node.OptionalInput(10) is { } bias)
        {
            yield return new Term(_graph, bias);
        }
    }

    private int Count(string attribute) =>
        _node.RequiredInt(attribute) is > 0 and <= short.MaxValue and var count
            ? (int)count
            : throw new ShapeException($"{attribute} is {_node.RequiredInt(attribute)}");
}
