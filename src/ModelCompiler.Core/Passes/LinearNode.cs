using System.Runtime.InteropServices;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Passes;

/// <summary>
/// A convolution or matrix product of float32 with constant weights, as the passes see it that fold what follows into the weights:
/// every output channel is a sum of products, plus a bias.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="Channels">Number of output channels.</param>
/// <param name="Activation">What bounds the outputs already.</param>
internal sealed record LinearNode(Node Node, int Channels, Clamp Activation)
{
    /// <summary>The node as one of these; null where it is none.</summary>
    public static LinearNode? Of(Node? node)
    {
        if (
            node is not { Operator: Conv or ConvTranspose or MatMul }
            || node.Input(1) is not { Constant: { Element: ElementType.Float32 } weights }
            || (node.HasInput(2) && node.Input(2).Constant is null)
            || node.Output.Shape.Rank == 0
        )
        {
            return null;
        }

        return node.Operator switch
        {
            Conv conv => new(node, weights.Shape[0], conv.Activation),
            ConvTranspose conv => new(node, weights.Shape[1] * conv.Group, conv.Activation),
            MatMul product when weights.Shape.Rank >= 2 => new(node, node.Output.Shape[node.Output.Shape.Rank - 1], product.Activation),
            _ => null,
        };
    }

    /// <summary>The dimension of the output that holds the channels.</summary>
    public int ChannelAxis => Node.Operator is ISpatialOperator { Layout: DataLayout.ChannelsFirst } ? 1 : Node.Output.Shape.Rank - 1;

    private Tensor Weights => Node.Input(1).Constant!;

    /// <summary>One number a channel out of a constant that broadcasts to the output; null where it varies along another dimension too.</summary>
    public float[]? PerChannel(Tensor constant)
    {
        var (shape, rank) = (constant.Shape, Node.Output.Shape.Rank);
        if (constant.Element != ElementType.Float32 || shape.Rank > rank)
        {
            return null;
        }

        var varies = Enumerable.Range(0, shape.Rank).Where(axis => shape[axis] != 1).Select(axis => axis + rank - shape.Rank).ToArray();
        var elements = constant.As<float>();
        return varies.Length == 0 && elements.Length == 1 ? [.. Enumerable.Repeat(elements[0], Channels)]
            : varies is [var axis] && axis == ChannelAxis && elements.Length == Channels ? elements.ToArray()
            : null;
    }

    /// <summary>The bias; zeros where there is none.</summary>
    public float[] Bias() => Node.HasInput(2) ? Node.Input(2).Constant!.ToFloats() : new float[Channels];

    /// <summary>The same sums, each channel multiplied by a factor, plus another bias.</summary>
    public Node With(Node origin, float[]? factors, float[] bias)
    {
        var weights = factors is null ? Node.Input(1) : new Value(Node.Input(1).Name, Scaled(factors));
        var biasName = Node.HasInput(2) ? Node.Input(2).Name : Node.Name + "/bias";
        return GraphEdit.NewNode(
            origin,
            Node.Operator,
            Node.Input(0),
            weights,
            new Value(biasName, Tensor.Floats(new TensorShape(Channels), bias))
        );
    }

    /// <summary>The same sums with bounds on top of those that are there.</summary>
    public Node With(Node origin, Clamp activation)
    {
        var all = Activation.Then(activation);
        Operator op = Node.Operator switch
        {
            Conv conv => conv with { Activation = all },
            ConvTranspose conv => conv with { Activation = all },
            _ => (MatMul)Node.Operator with { Activation = all },
        };
        return GraphEdit.NewNode(origin, op, [.. Node.Inputs]);
    }

    private Tensor Scaled(float[] factors)
    {
        var scaled = Weights.Bytes.ToArray();
        var elements = MemoryMarshal.Cast<byte, float>(scaled.AsSpan());
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] *= factors[ChannelOf(i)];
        }

        return Tensor.FromBytes(Weights.Type, scaled);
    }

    private int ChannelOf(int element)
    {
        var shape = Weights.Shape;
        switch (Node.Operator)
        {
            case Conv:
                return element / shape.Product(1, shape.Rank);
            case ConvTranspose conv:
                var taps = shape.Product(2, shape.Rank);
                var input = element / (taps * shape[1]);
                return (input / (shape[0] / conv.Group) * shape[1]) + (element / taps % shape[1]);
            default:
                var last = shape[shape.Rank - 1];
                return ((MatMul)Node.Operator).TransposeB ? element / last % shape[shape.Rank - 2] : element % last;
        }
    }
}
