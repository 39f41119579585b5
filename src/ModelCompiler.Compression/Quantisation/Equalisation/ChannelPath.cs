using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>Where the channels of a layer lie in a value that is made of what it gives.</summary>
/// <param name="Axis">The dimension.</param>
/// <param name="Spread">Neighbouring places in that dimension that belong to one channel.</param>
internal readonly record struct ChannelPlace(int Axis, int Spread);

/// <summary>A constant that is added between two layers, and has to be divided with the channels.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Axis">Its dimension that counts channels.</param>
/// <param name="Spread">Places of a channel.</param>
internal sealed record AddedConstant(string Name, int Axis, int Spread);

/// <summary>Everything behind a layer, as far as the layers that read it.</summary>
internal sealed class ChannelPath(OnnxModel model, ValueShapes shapes, IReadOnlyDictionary<NodeProto, EqualisedLayer> layers)
{
    /// <summary>The layers that read the channels, with the number of inputs that one channel has there.</summary>
    public List<(EqualisedLayer Layer, int Spread)> Readers { get; } = [];

    /// <summary>Constants on the way.</summary>
    public List<AddedConstant> Added { get; } = [];

    /// <summary>
    /// Follows a value through operators that give s·y for s·x, for every s above 0. Returns whether all that read it are such operators,
    /// and layers at the end.
    /// </summary>
    public bool Follow(string value, ChannelPlace place, int channels)
    {
        var readers = model.Consumers(value).ToList();
        return readers.Count > 0 && !model.IsOutput(value) && readers.All(reader => Follow(reader, value, place, channels));
    }

    private bool Follow(NodeProto node, string value, ChannelPlace place, int channels)
    {
        if (node.Input.Count(i => i == value) != 1 || OnnxDomains.Normalise(node.Domain).Length > 0)
        {
            return false;
        }

        if (layers.TryGetValue(node, out var layer))
        {
            Readers.Add((layer, place.Spread));
            return node.Input[0] == value && Reads(layer, value, place, channels);
        }

        return After(node, value, place, channels) is { } next && Follow(node.Output[0], next, channels);
    }

    private bool Reads(EqualisedLayer layer, string value, ChannelPlace place, int channels) =>
        layer.Inputs == channels * place.Spread
        && (layer.IsProduct ? place.Axis == shapes.Find(value)?.Rank - 1 : place is { Axis: 1, Spread: 1 });

    /// <summary>Where the channels are behind a node; null where it does not pass their scale on.</summary>
    private ChannelPlace? After(NodeProto node, string value, ChannelPlace place, int channels) =>
        node.OpType switch
        {
            "Relu" or "LeakyRelu" or "Identity" => place,
            "Dropout" when node.Output.Count(o => o.Length > 0) == 1 => place,
            "Clip" when IsRelu(node) => place,
            "PRelu" when node.Input[0] == value && model.Constant(node.Input[1]) is not null => place,
            "MaxPool" when place.Axis == 1 && node.Output.Count(o => o.Length > 0) == 1 => place,
            "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool" when place.Axis == 1 => place,
            "Pad" when HasZeros(node) && Size(node.Output[0], place.Axis) == Size(value, place.Axis) => place,
            "Mul" when model.Constant(Other(node, value)) is not null => Broadcast(node, value, place),
            "Add" => Add(node, value, place, channels),
            "Transpose" => Transposed(node, value, place),
            "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" when node.Input[0] == value => Reshaped(node, value, place, channels),
            _ => null,
        };

    private ChannelPlace? Add(NodeProto node, string value, ChannelPlace place, int channels)
    {
        var name = Other(node, value);
        if (
            Broadcast(node, value, place) is null
            || model.Constant(name) is not { Element: ElementType.Float32, Shape: var shape }
            || model.Consumers(name).Count() != 1
            || shapes.Find(value) is not { } whole
        )
        {
            return null;
        }

        // Aligned at the last dimension.
        var axis = place.Axis - (whole.Rank - shape.Rank);
        if (axis < 0 || shape[axis] != channels * place.Spread)
        {
            return null;
        }

        Added.Add(new(name, axis, place.Spread));
        return place;
    }

    /// <summary>The same place, unless the constant makes the value larger.</summary>
    private ChannelPlace? Broadcast(NodeProto node, string value, ChannelPlace place) =>
        shapes.Find(value) is { } before && before.Equals(shapes.Find(node.Output[0])) ? place : null;

    private ChannelPlace? Transposed(NodeProto node, string value, ChannelPlace place) =>
        shapes.Find(value) is { } shape
        && (OnnxMessages.Find(node, "perm")?.Ints.ToList() ?? [.. Enumerable.Range(0, shape.Rank).Reverse().Select(a => (long)a)])
            is var order
        && order.IndexOf(place.Axis) is >= 0 and var axis
            ? place with
            {
                Axis = axis,
            }
            : null;

    private ChannelPlace? Reshaped(NodeProto node, string value, ChannelPlace place, int channels)
    {
        if (shapes.Find(value) is not { } before || shapes.Find(node.Output[0]) is not { } after)
        {
            return null;
        }

        // The channels begin where as many elements lie in the dimensions before, and their dimension may take others in.
        var outer = before.Product(0, place.Axis);
        for (var axis = after.Rank - 1; axis >= 0; axis--)
        {
            if (after.Product(0, axis) == outer && after[axis] % (channels * place.Spread) == 0 && after[axis] > 0)
            {
                return new(axis, after[axis] / channels);
            }
        }

        return null;
    }

    private bool IsRelu(NodeProto node)
    {
        var (min, max) = (Bound(node, 1, "min"), Bound(node, 2, "max"));
        return min is 0 or null or float.NegativeInfinity && max is null or float.PositiveInfinity;
    }

    /// <summary>A bound of Clip; null for none, NaN where it is not known.</summary>
    private float? Bound(NodeProto node, int input, string attribute)
    {
        if (node.Input.Count > input && node.Input[input].Length > 0)
        {
            return model.Constant(node.Input[input])?.ToFloats() is [var bound] ? bound : float.NaN;
        }

        return OnnxMessages.Find(node, attribute)?.F switch
        {
            // What older opsets have for none.
            float.MaxValue or float.MinValue => null,
            var bound => bound,
        };
    }

    private bool HasZeros(NodeProto node) =>
        OnnxMessages.Find(node, "value") is null or { F: 0 }
        && (node.Input.Count < 3 || node.Input[2].Length == 0 || model.Constant(node.Input[2])?.ToFloats() is [0]);

    private int? Size(string value, int axis) => shapes.Find(value)?[axis];

    private static string Other(NodeProto node, string value) => node.Input[0] == value ? node.Input[1] : node.Input[0];
}
