using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>
/// ONNX Loop (opset 1, 11, 13, 16 and later): unrolled where few iterations are known to run, which lets shapes and sequences change
/// from one to the next, else a loop of fixed shapes. The condition that the body gives counts even where no first one is given, as
/// in ONNX Runtime.
/// </summary>
internal sealed class LoopImport
{
    /// <summary>Room for more slices than this is not made: a loop that a condition ends may say any number.</summary>
    private const long MaxElements = 1 << 24;

    private readonly ControlNode _node;
    private readonly GraphProto _body;
    private readonly ImmutableArray<OnnxValue> _initial;

    private LoopImport(ControlNode node)
    {
        _node = node;
        _body = node.Subgraph("body");
        _initial = [.. Enumerable.Range(2, Math.Max(node.Inputs.Length - 2, 0)).Select(node.Input)];
        CheckOne(0, ElementType.Int64);
        CheckOne(1, ElementType.Bool);
    }

    public static ImmutableArray<OnnxValue?> Loop(ControlNode node)
    {
        var import = new LoopImport(node);
        return import.Import() is { } outputs ? [.. outputs.Values] : node.Failed;
    }

    /// <summary>Number of iterations where it is constant; the highest where nothing limits it.</summary>
    private long? KnownTrips => _node.HasInput(0) ? _node.Tensor(0).Constant?.ToLongs()[0] : long.MaxValue;

    private bool? KnownStart =>
        !_node.HasInput(1) ? true
        : _node.Tensor(1).Constant is { } start ? start.Bytes[0] != 0
        : null;

    private Outputs? Import()
    {
        if (KnownStart is not { } start || KnownTrips is not { } trips)
        {
            return KnownStart == false || KnownTrips <= 0 ? Nothing() : Compile();
        }

        trips = start ? Math.Max(trips, 0) : 0;
        if (trips == 0)
        {
            return Nothing();
        }

        // A long loop is unrolled first only where nothing is left of it then, and last where it cannot be anything else.
        var isShort = trips <= UnrollLimits.Short.Iterations || trips == long.MaxValue;
        return First(
            () => Unroll(trips, isShort ? UnrollLimits.Short : UnrollLimits.Folded),
            Compile,
            () => Unroll(trips, UnrollLimits.Long)
        );
    }

    /// <summary>
    /// What the first way gives that succeeds. Where none does, the first fault is reported: what is wrong with the body itself says
    /// more than that it cannot be a loop of fixed shapes.
    /// </summary>
    private Outputs? First(params Func<Outputs?>[] ways)
    {
        var failures = new List<FailedTrial>();
        foreach (var way in ways)
        {
            var (outputs, failure) = _node.Bodies.Problems.Try(way);
            if (outputs is not null)
            {
                return outputs;
            }

            failures.Add(failure!);
        }

        _node.Bodies.Problems.Accept(failures.FirstOrDefault(f => f.HasFault) ?? failures[0]);
        return null;
    }

    /// <summary>Reads the body once for each iteration; null where there are too many, or their number is not known.</summary>
    private Outputs? Unroll(long trips, UnrollLimits limits)
    {
        var unrolled = new Unrolling(_node, limits);
        var carried = _initial;
        var stacked = new List<ImmutableArray<OnnxValue>>();
        for (long i = 0; ; i++)
        {
            if (unrolled.Next(_body, [Number(i), True, .. carried]) is not { } outputs)
            {
                return null;
            }

            CheckOutputs(outputs);
            carried = outputs.RemoveRange(0, 1).RemoveRange(_initial.Length, outputs.Length - 1 - _initial.Length);
            stacked.Add([.. outputs.Skip(1 + _initial.Length)]);
            if (i + 1 == trips)
            {
                break;
            }

            if (Condition(outputs).Constant is not { } goesOn)
            {
                return null;
            }

            if (goesOn.Bytes[0] == 0)
            {
                break;
            }
        }

        if (unrolled.Graph.Nodes.Count > limits.Nodes)
        {
            return null;
        }

        var tensors = Enumerable
            .Range(0, stacked[0].Length)
            .Select(i => new OnnxTensor(SequenceOperators.Stack(unrolled.Graph, [.. stacked.Select(s => Slice(s[i]))])))
            .ToList();
        _node.Graph.Take(unrolled.Graph);
        return new([.. carried, .. tensors]);
    }

    /// <summary>No iteration: what is carried stays, and nothing is stacked.</summary>
    private Outputs? Nothing()
    {
        var loop = new CompiledLoop(_node, Structure.Flatten(_initial), []) { Number = ShapeOf(0) };
        if (Read(loop, loop.Carried) is not { } outputs)
        {
            return null;
        }

        return new([
            .. _initial,
            .. outputs.Skip(1 + _initial.Length).Select(o => new OnnxTensor(CompiledLoop.NoSlices(_node.Graph, Slice(o)))),
        ]);
    }

    private Outputs? Compile()
    {
        var flat = Structure.Flatten(_initial);
        var loop = NewLoop(flat);
        if (Read(loop, loop.Carried) is not { } outputs)
        {
            return null;
        }

        // What an iteration hands on as it is, is the same in all: it need not be carried, and may be constant.
        var isFixed = CarriedOf(outputs).Zip(loop.Carried, (o, i) => o == i).ToArray();
        if (!isFixed.Contains(true))
        {
            return Close(loop, outputs, flat, isFixed);
        }

        var shorter = NewLoop([.. flat.Where((_, i) => !isFixed[i])]);
        return Read(shorter, Merge(isFixed, flat, shorter.Carried)) is { } again ? Close(shorter, again, flat, isFixed) : null;
    }

    private CompiledLoop NewLoop(ImmutableArray<Value> carried) =>
        new(_node, carried, [])
        {
            Number = ShapeOf(0),
            Trips = _node.HasInput(0) ? KnownTrips : null,
            ComputedTrips = KnownTrips is null ? _node.Tensor(0) : null,
            ComputedStart = KnownStart is null ? _node.Tensor(1) : null,
        };

    private Outputs Close(CompiledLoop loop, ImmutableArray<OnnxValue> outputs, ImmutableArray<Value> flat, bool[] isFixed)
    {
        var condition = Condition(outputs);
        var goesOn = condition.Constant is { } known && known.Bytes[0] != 0;
        if (loop.Trips is null && loop.ComputedTrips is null && goesOn)
        {
            throw _node.Unsupported("the loop never ends: it has neither a number of iterations nor a condition that can become false");
        }

        ImmutableArray<Value> stacked = [.. outputs.Skip(1 + _initial.Length).Select(Slice)];
        var isCounted = goesOn && loop.Trips is not null && loop.ComputedStart is null;
        var isBounded = loop.Trips is { } most && stacked.All(s => most <= MaxElements / Math.Max(s.Shape.Elements, 1));
        var results = loop.Close(
            goesOn ? null : condition,
            [.. CarriedOf(outputs).Where((_, i) => !isFixed[i])],
            isBounded ? stacked : [],
            counts: isBounded && !isCounted && stacked.Length > 0
        );
        return new([
            .. Structure.Rebuild(_initial, Merge(isFixed, flat, results)),
            .. stacked.Select((_, i) => isBounded ? (OnnxValue)new OnnxTensor(results[loop.Carried.Length + i]) : new OnnxUnsized(Slices)),
        ]);
    }

    private string Slices =>
        $"a tensor with a slice for each iteration of '{_node.Name}', for the number of which there is no bound, or a very large one";

    private ImmutableArray<OnnxValue>? Read(CompiledLoop loop, ImmutableArray<Value> carried)
    {
        var given = Structure.Rebuild(_initial, carried);
        if (_node.Run(_body, "body", [new OnnxTensor(loop.Iteration), True, .. given], loop.Body) is not { } outputs)
        {
            return null;
        }

        CheckOutputs(outputs);
        for (var i = 0; i < _initial.Length; i++)
        {
            if (!Structure.AreAlike(_initial[i], outputs[i + 1]))
            {
                throw _node.Unsupported(
                    $"carried value '{_body.Input[i + 2].Name}' changes from {Structure.Describe(_initial[i])} to "
                        + $"{Structure.Describe(outputs[i + 1])}; supported: fixed shapes, or a constant number of few iterations"
                );
            }
        }

        return outputs;
    }

    /// <summary>Values that are fixed in their places, those that move in the others.</summary>
    private static ImmutableArray<Value> Merge(bool[] isFixed, ImmutableArray<Value> all, ImmutableArray<Value> moving)
    {
        var next = 0;
        return [.. all.Select((v, i) => isFixed[i] ? v : moving[next++])];
    }

    private ImmutableArray<Value> CarriedOf(ImmutableArray<OnnxValue> outputs) => Structure.Flatten(outputs.Skip(1).Take(_initial.Length));

    private void CheckOutputs(ImmutableArray<OnnxValue> outputs)
    {
        if (outputs.Length < 1 + _initial.Length)
        {
            throw new ShapeException($"the body gives {outputs.Length} outputs where a condition and {_initial.Length} values are carried");
        }
    }

    private static Value Condition(ImmutableArray<OnnxValue> outputs) =>
        outputs[0] is OnnxTensor { Value: { Element: ElementType.Bool, Shape.Elements: 1 } condition }
            ? condition
            : throw new ShapeException($"the body's condition must be one truth value, found {outputs[0].Description}");

    private static Value Slice(OnnxValue output) =>
        output is OnnxTensor tensor
            ? tensor.Value
            : throw new ShapeException($"an output that is stacked is {output.Description}; a tensor was expected");

    private void CheckOne(int input, ElementType element)
    {
        if (_node.OptionalTensor(input) is { } value && (value.Element != element || value.Shape.Elements != 1))
        {
            throw new ShapeException($"input {input} must be one {element}, found {value.Type}");
        }
    }

    private OnnxTensor Number(long number) => new(new Value("iteration", Tensor.Longs(number).Reshape(ShapeOf(0))));

    // Whatever the last iteration said: there is no further one unless it was this.
    private OnnxTensor True => new(new Value("condition", Tensor.From<byte>(ElementType.Bool, ShapeOf(1), [1])));

    /// <summary>The number of the iteration and the condition are scalars, or lists of one where the body declares them so.</summary>
    private TensorShape ShapeOf(int input) =>
        input < _body.Input.Count && _body.Input[input].Type?.TensorType?.Shape?.Dim.Count == 1 ? new TensorShape(1) : TensorShape.Scalar;

    private sealed record Outputs(ImmutableArray<OnnxValue> Values);
}
