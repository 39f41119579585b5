using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes.Quantised;

/// <summary>
/// Gives the 8-bit activations between quantised operators the sign that the target's instructions multiply: unsigned on x64 and
/// portable targets, signed on Arm. Zero points move by 128, and what was said about the arithmetic stays true; only where such
/// a tensor enters or leaves the network, or meets an operator that cares for its sign, its bytes are flipped.
/// </summary>
internal sealed class ChooseActivationStorage(Target target) : IPass
{
    private readonly ElementType _storage = target.InstructionSets.All(s => s is InstructionSet.ArmDotProduct or InstructionSet.AdvSimd)
        ? ElementType.Int8
        : ElementType.UInt8;

    public Graph Run(Graph graph)
    {
        var state = new StorageRewrite(_storage);
        foreach (var node in graph.Nodes)
        {
            state.Add(node);
        }

        return state.IsChanged
            ? GraphEdit.Reordered(
                graph.Name,
                graph.Inputs,
                [.. graph.Outputs.Select(o => o with { Value = state.AsGiven(o.Value) })],
                state.Nodes
            )
            : graph;
    }
}

/// <summary>One rewriting of a graph, node by node.</summary>
/// <param name="storage">The type that activations shall have.</param>
internal sealed class StorageRewrite(ElementType storage)
{
    private readonly ElementType _other = storage == ElementType.Int8 ? ElementType.UInt8 : ElementType.Int8;

    // Values of the other type, with the value of the chosen type that holds the same numbers.
    private readonly Dictionary<Value, Value> _stored = [];

    // Values that exist only as stored, with what turns them back.
    private readonly Dictionary<Value, Value> _givenBack = [];
    private readonly HashSet<Value> _replaced = [];

    public List<Node> Nodes { get; } = [];

    /// <summary>Whether anything but copies of the given nodes was made.</summary>
    public bool IsChanged => _stored.Count > 0;

    public void Add(Node node)
    {
        if (Converted(node) is not { } op)
        {
            Nodes.Add(new Node(node.Name, node.Operator, [.. node.Inputs.Select(i => i is null ? null : AsGiven(i))], node.Outputs));
            return;
        }

        var inputs = node.Inputs.Select((input, i) => input is null ? null : InputOf(node, input, i)).ToArray();
        var made = GraphEdit.NewNode(node, op, inputs);
        Nodes.Add(
            new Node(node.Name, op, made.Inputs, [.. node.Outputs.Select((o, i) => o.Type == made.Outputs[i].Type ? o : made.Outputs[i])])
        );
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            if (node.Outputs[i].Element == _other)
            {
                _stored.Add(node.Outputs[i], made.Outputs[i]);
                _replaced.Add(node.Outputs[i]);
            }
        }
    }

    /// <summary>The value as the model has it, for operators and graph outputs that need that.</summary>
    public Value AsGiven(Value value)
    {
        if (!_replaced.Contains(value))
        {
            return value;
        }

        if (!_givenBack.TryGetValue(value, out var given))
        {
            given = Flip(_stored[value], value.Name);
            _givenBack.Add(value, given);
        }

        return given;
    }

    /// <summary>Whether a value exists in the chosen type already.</summary>
    private bool IsStored(Value value) => _replaced.Contains(value);

    private Value InputOf(Node node, Value input, int index) =>
        // Weights and indices are no activations; tables and dequantisation take either type.
        input.Element != _other
        || IsWeights(node, index)
        || (TakesEither(node) && !IsStored(input))
            ? input
            : Stored(input);

    private Value Stored(Value value)
    {
        if (!_stored.TryGetValue(value, out var stored))
        {
            stored = value.Constant is { } constant ? new Value(value.Name, FlipSign.Of(constant)) : Flip(value, value.Name);
            _stored.Add(value, stored);
        }

        return stored;
    }

    private Value Flip(Value value, string name)
    {
        var output = new Value(
            name,
            value.Type with
            {
                Element = value.Element == ElementType.Int8 ? ElementType.UInt8 : ElementType.Int8,
            }
        );
        Nodes.Add(new Node(name + "/flip", new FlipSign(), [value], [output]));
        return output;
    }

    private static bool TakesEither(Node node) => node.Operator is LookupTable or DequantizeLinear;

    private static bool IsWeights(Node node, int index) =>
        index == 1 && (node.Operator is QuantizedConv || (node.Operator is QuantizedMatMul && node.Input(1).Constant is not null));

    /// <summary>The operator for activations of the chosen type; null where the node stays as it is.</summary>
    private Operator? Converted(Node node)
    {
        var first = node.Inputs.Length > 0 ? node.Inputs[0] : null;
        var moves = first?.Element == _other;
        var stored = first is not null && IsStored(first);
        return node.Operator switch
        {
            QuantizeLinear { Grid: { } grid } q when q.Element == _other => q with { Element = storage, Grid = Moved(grid) },
            DequantizeLinear { Grid: { } grid } when stored => new DequantizeLinear(Moved(grid)),
            QuantizedConv conv when moves || conv.Output?.Element == _other => conv with
            {
                InputZeroPoint = conv.InputZeroPoint + (moves ? Distance : 0),
                Output = Moved(conv.Output),
            },
            QuantizedMatMul product when moves || product.Output?.Element == _other || RunTimeRight(node) => product with
            {
                AZeroPoint = product.AZeroPoint + (moves ? Distance : 0),
                BZeroPoints = RunTimeRight(node) ? product.BZeroPoints.Select(z => z + Distance).ToArray() : product.BZeroPoints,
                Output = Moved(product.Output),
            },
            QuantizedBinary binary when binary.Storage == _other => binary with { Storage = storage },
            QuantizedAveragePool pool when pool.Storage == _other => pool with { Storage = storage },
            QuantizedGlobalAveragePool pool when moves => pool with
            {
                X = Moved(pool.X),
                Y = Moved(pool.Y),
                Low = pool.Low + Distance,
                High = pool.High + Distance,
            },
            QuantizedSoftmax softmax when moves => softmax with { X = Moved(softmax.X), Y = Moved(softmax.Y) },
            LookupTable table when stored || table.Element == _other => Moved(table, stored),
            // What only moves elements follows the type that it gets.
            Pad { Mode: PadMode.Constant } pad when stored => pad with { ValueBits = pad.ValueBits ^ 0x80 },
            Reshape
            or Transpose
            or Concat
            or Slice
            or Gather
            or Split
            or Expand
            or Tile
            or DepthToSpace
            or SpaceToDepth
            or MaxPool
            or GlobalMaxPool
            or Pad when stored => node.Operator,
            Resize { IsNearest: true } resize when stored && resize.Axes.All(a => a.Indices.All(i => i >= 0)) => resize,
            _ => null,
        };
    }

    /// <summary>How far zero points move.</summary>
    private int Distance => storage == ElementType.UInt8 ? 128 : -128;

    private bool RunTimeRight(Node node) => node.Input(1).Constant is null && node.Input(1).Element == _other;

    private QuantizationGrid Moved(QuantizationGrid grid) => grid with { ZeroPoints = grid.ZeroPoints.Select(z => z + Distance).ToArray() };

    private Quantization Moved(Quantization quantization) =>
        quantization.Element == _other
            ? quantization with
            {
                Element = storage,
                ZeroPoint = quantization.ZeroPoint + Distance,
            }
            : quantization;

    private Requantization? Moved(Requantization? output) =>
        output?.Element == _other
            ? output with
            {
                Element = storage,
                ZeroPoint = output.ZeroPoint + Distance,
                Low = output.Low + Distance,
                High = output.High + Distance,
            }
            : output;

    private LookupTable Moved(LookupTable table, bool input)
    {
        var output = table.Element == _other;
        return new LookupTable(
            storage,
            Enumerable.Range(0, 256).Select(i => (byte)(table.Table[input ? i ^ 0x80 : i] ^ (output ? 0x80 : 0))).ToArray()
        );
    }
}
