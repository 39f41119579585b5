using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>ONNX Scan: opset 9 and later, and opset 8, where tensors have a batch in front and sequences lengths of their own.</summary>
internal sealed class ScanLoopImport
{
    private readonly ControlNode _node;
    private readonly GraphProto _body;
    private readonly int _scanned;
    private readonly int _first;
    private readonly int _states;

    private ScanLoopImport(ControlNode node)
    {
        _node = node;
        _body = node.Subgraph("body");
        _first = node.Opset >= 9 ? 0 : 1;
        var count = node.Plain.RequiredInt("num_scan_inputs");
        if (count < 1 || count > node.Inputs.Length - _first)
        {
            throw new ShapeException($"num_scan_inputs is {count}, of {node.Inputs.Length - _first} inputs");
        }

        _scanned = (int)count;
        _states = node.Inputs.Length - _first - _scanned;
    }

    public static ImmutableArray<OnnxValue?> Scan(ControlNode node)
    {
        var import = new ScanLoopImport(node);
        return (node.Opset >= 9 ? import.Plain() : import.Batched()) is { } outputs
            ? [.. outputs.States.Concat(outputs.Stacked).Select(v => new OnnxTensor(v))]
            : node.Failed;
    }

    private Outputs? Plain()
    {
        var axes = Attribute("scan_input_axes", _scanned);
        var backwards = Attribute("scan_input_directions", _scanned);
        var scanned = Scanned().Select((x, i) => Oriented(ToFront(Term(x), x.Shape.NormaliseAxis(axes[i])), backwards[i])).ToList();
        if (Run([.. States()], scanned) is not { } outputs)
        {
            return null;
        }

        var outputAxes = Attribute("scan_output_axes", outputs.Stacked.Length);
        var outputBackwards = Attribute("scan_output_directions", outputs.Stacked.Length);
        return outputs with
        {
            Stacked =
            [
                .. outputs.Stacked.Select(
                    (y, i) => FromFront(Term(Oriented(Term(y), outputBackwards[i])), y.Shape.NormaliseAxis(outputAxes[i]))
                ),
            ],
        };
    }

    private Outputs? Batched()
    {
        var batch = _node.Tensor(_first).Shape is { Rank: > 0 } shape
            ? shape[0]
            : throw new ShapeException("input 1 has no batch dimension");
        if (States().Concat(Scanned()).FirstOrDefault(x => x.Shape.Rank == 0 || x.Shape[0] != batch) is { } other)
        {
            throw new ShapeException($"the batch is {batch}, but '{other.Name}' is {other.Type}");
        }

        if (Scanned().FirstOrDefault(x => x.Shape.Rank < 2 || x.Shape[1] != Scanned().First().Shape[1]) is { } odd)
        {
            throw new ShapeException($"'{odd.Name}' is {odd.Type}: sequences of one length were expected, along dimension 1");
        }

        var longest = Scanned().First().Shape[1];
        var lengths = _node.HasInput(0) ? _node.Plain.ConstantInput(0, "the lengths of the sequences").ToLongs() : null;
        if (batch == 0 || (lengths is not null && (lengths.Length != batch || lengths.Any(l => l < 0 || l > longest))))
        {
            throw new ShapeException($"{batch} lengths of up to {longest} were expected, found {string.Join(",", lengths ?? [])}");
        }

        var all = new List<Outputs>();
        for (var b = 0; b < batch; b++)
        {
            if (RunOfBatch(b, (int)(lengths?[b] ?? longest), longest) is not { } outputs)
            {
                return null;
            }

            all.Add(outputs);
        }

        return new(
            [.. Enumerable.Range(0, _states).Select(i => SequenceOperators.Stack(_node.Graph, [.. all.Select(o => o.States[i])]))],
            [
                .. Enumerable
                    .Range(0, all[0].Stacked.Length)
                    .Select(i => SequenceOperators.Stack(_node.Graph, [.. all.Select(o => o.Stacked[i])])),
            ]
        );
    }

    private Outputs? RunOfBatch(int index, int length, int longest)
    {
        var backwards = Attribute("directions", _scanned);
        var scanned = Scanned().Select((x, i) => Oriented(Element(x, index).Slice(0, 0, length), backwards[i])).ToList();
        return Run([.. States().Select(s => Element(s, index).Value)], scanned) is { } outputs
            ? outputs with
            {
                Stacked = [.. outputs.Stacked.Select(y => ZerosBehind(y, longest))],
            }
            : null;
    }

    /// <summary>Runs the body over tensors whose dimension 0 is the sequence's.</summary>
    private Outputs? Run(ImmutableArray<Value> states, IReadOnlyList<Value> scanned)
    {
        var length = scanned[0].Shape[0];
        if (scanned.FirstOrDefault(s => s.Shape[0] != length) is { } other)
        {
            throw new ShapeException($"'{other.Name}' has {other.Shape[0]} elements to scan, '{scanned[0].Name}' has {length}");
        }

        var problems = _node.Bodies.Problems;
        var unrolled = length is > 0 and <= 8 ? problems.Try(() => Unroll(states, scanned, length)).Result : null;
        return unrolled ?? Compile(states, scanned, length);
    }

    private Outputs? Unroll(ImmutableArray<Value> states, IReadOnlyList<Value> scanned, int length)
    {
        var unrolled = new Unrolling(_node, UnrollLimits.Few);
        var stacked = new List<ImmutableArray<Value>>();
        for (var i = 0; i < length; i++)
        {
            var slices = scanned.Select(s => new Term(unrolled.Graph, s).Slice(0, i, 1).Reshape(s.Shape.Skip(1)).Value);
            if (unrolled.Next(_body, [.. states.Concat(slices).Select(v => new OnnxTensor(v))]) is not { } outputs)
            {
                return null;
            }

            var tensors = Tensors(states, outputs);
            states = [.. tensors.Take(_states)];
            stacked.Add([.. tensors.Skip(_states)]);
        }

        var whole = Enumerable
            .Range(0, stacked[0].Length)
            .Select(i => SequenceOperators.Stack(unrolled.Graph, [.. stacked.Select(s => s[i])]))
            .ToImmutableArray();
        _node.Graph.Take(unrolled.Graph);
        return new(states, whole);
    }

    private Outputs? Compile(ImmutableArray<Value> states, IReadOnlyList<Value> scanned, int length)
    {
        var loop = new CompiledLoop(_node, states, [.. scanned]) { Trips = length };
        if (_node.Run(_body, "body", [.. loop.Carried.Concat(loop.Slices).Select(v => new OnnxTensor(v))], loop.Body) is not { } outputs)
        {
            return null;
        }

        var tensors = Tensors(states, outputs);
        if (length == 0)
        {
            return new(states, [.. tensors.Skip(_states).Select(s => CompiledLoop.NoSlices(_node.Graph, s))]);
        }

        var results = loop.Close(null, [.. tensors.Take(_states)], [.. tensors.Skip(_states)]);
        return new([.. results.Take(_states)], [.. results.Skip(_states)]);
    }

    private ImmutableArray<Value> Tensors(ImmutableArray<Value> states, ImmutableArray<OnnxValue> outputs)
    {
        if (outputs.Length < _states)
        {
            throw new ShapeException($"the body gives {outputs.Length} outputs where {_states} values are carried");
        }

        ImmutableArray<Value> tensors =
        [
            .. outputs.Select(o => o is OnnxTensor t ? t.Value : throw new ShapeException($"an output of the body is {o.Description}")),
        ];
        for (var i = 0; i < _states; i++)
        {
            if (tensors[i].Type != states[i].Type)
            {
                throw new ShapeException($"carried value {i} changes from {states[i].Type} to {tensors[i].Type}");
            }
        }

        return tensors;
    }

    private IEnumerable<Value> States() => Enumerable.Range(_first, _states).Select(_node.Tensor);

    private IEnumerable<Value> Scanned() => Enumerable.Range(_first + _states, _scanned).Select(_node.Tensor);

    /// <summary>A list with an entry for each tensor; zeros where it is left out.</summary>
    private long[] Attribute(string name, int count) =>
        _node.Plain.Ints(name) is not { Length: > 0 } given ? new long[count]
        : given.Length == count ? given
        : throw new ShapeException($"{name} has {given.Length} entries for {count} tensors");

    private Term Term(Value value) => new(_node.Graph, value);

    /// <summary>One element of a batch.</summary>
    private Term Element(Value batch, int index) => Term(batch).Slice(0, index, 1).Reshape(batch.Shape.Skip(1));

    private static Value Oriented(Term x, long direction)
    {
        if (direction == 0 || x.Shape[0] < 2)
        {
            return x.Value;
        }

        int[] starts = [x.Shape[0] - 1, .. x.Shape.Skip(1).Select(_ => 0)];
        int[] steps = [-1, .. x.Shape.Skip(1).Select(_ => 1)];
        return x.Apply(new Slice(starts, x.Shape.ToArray(), steps)).Value;
    }

    private static Term ToFront(Term x, int axis) =>
        axis == 0 ? x : x.Transpose([axis, .. Enumerable.Range(0, x.Shape.Rank).Where(a => a != axis)]);

    private static Value FromFront(Term x, int axis) =>
        axis == 0 ? x.Value : x.Transpose([.. Enumerable.Range(1, axis), 0, .. Enumerable.Range(axis + 1, x.Shape.Rank - axis - 1)]).Value;

    private static int[] Behind(TensorShape shape, int size) => [size - shape[0], .. shape.Skip(1).Select(_ => 0)];

    private Value ZerosBehind(Value y, int size) =>
        y.Shape[0] == size ? y : Term(y).Apply(new Pad(new int[y.Shape.Rank], Behind(y.Shape, size), PadMode.Constant, 0)).Value;

    /// <param name="States">Last values of what is carried.</param>
    /// <param name="Stacked">Slices of all iterations, along dimension 0.</param>
    private sealed record Outputs(ImmutableArray<Value> States, ImmutableArray<Value> Stacked);
}
