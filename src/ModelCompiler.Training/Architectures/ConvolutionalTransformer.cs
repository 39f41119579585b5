using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Training.Architectures;

/// <summary>
/// A compact convolutional transformer (Hassani et al. 2021): convolutions make tokens of an image, encoder layers let them attend to each
/// other, and a learnt weighing of the tokens is what is classified.
/// </summary>
internal static class ConvolutionalTransformer
{
    private const int HeadSize = 32;
    private const int MostTokensAcross = 16;
    private const int ExpansionOfUnits = 2;

    public static Activation Write(NetworkWriter network, Activation item, int classes, NetworkSize size)
    {
        if (size.Hidden % HeadSize != 0)
        {
            throw new TrainingException(
                $"transformer: --hidden must be a multiple of {HeadSize}, the size of a head; {size.Hidden} was given"
            );
        }

        var x = Tokens(network, network.AsImage(item), size.Hidden);
        var positions = network.Uniform("positions", Initialisation.Embedding, 1, x.Shape[1], x.Shape[2]);
        x = network.Node("place", "Add", [x.Name, positions], "place_out", x.Shape);
        for (var i = 1; i <= size.Layers; i++)
        {
            x = Layer(network, $"layer{i}", x);
        }

        return network.Classifier(Pooled(network, network.LayerNormalised("normalise", x)), classes);
    }

    /// <summary>Tokens of an image, [1, tokens, units]: 3×3 convolutions that halve it twice, or until at most 16 are left across.</summary>
    private static Activation Tokens(NetworkWriter network, Activation x, int units)
    {
        var isDone = false;
        for (var number = 1; !isDone; number++)
        {
            isDone = number >= 2 && Math.Max(x.Shape[2], x.Shape[3]) <= 2 * MostTokensAcross;
            x = network.Convolution($"conv{number}", x, isDone ? units : units / 2, new(3), Rectifier.Relu);
            x = network.MaxPool($"pool{number}", x, new(3, Stride: 2));
        }

        var tokens = x.Shape[2] * x.Shape[3];
        x = network.Reshaped("tokens", x, units, tokens);
        return network.Transposed("tokens", x, 0, 2, 1);
    }

    private static Activation Layer(NetworkWriter network, string name, Activation x)
    {
        var units = x.Shape[2];
        var attended = Attention(network, $"{name}/attention", network.LayerNormalised($"{name}/normalise1", x));
        x = network.Sum($"{name}/add1", x, attended);
        var inner = network.TokenDense($"{name}/expand", network.LayerNormalised($"{name}/normalise2", x), ExpansionOfUnits * units);
        inner = network.TokenDense($"{name}/project", network.Gelu($"{name}/gelu", inner), units);
        return network.Sum($"{name}/add2", x, inner);
    }

    /// <summary>softmax(q · kᵀ / √size) · v for each head. Queries, keys and values have no bias: that of the keys would change nothing.</summary>
    private static Activation Attention(NetworkWriter network, string name, Activation x)
    {
        var (tokens, units) = (x.Shape[1], x.Shape[2]);
        var query = Heads(network, $"{name}/query", x, 0, 2, 1, 3);
        var key = Heads(network, $"{name}/key", x, 0, 2, 3, 1);
        var value = Heads(network, $"{name}/value", x, 0, 2, 1, 3);
        var scores = network.Multiplied($"{name}/scores", query, key);
        scores = network.Node(
            $"{name}/scale",
            "Mul",
            [scores.Name, network.Number("head_scale", (float)(1 / Math.Sqrt(HeadSize)))],
            $"{name}/scale_out",
            scores.Shape
        );
        var weights = network.Softmaxed($"{name}/softmax", scores, 3);
        var heads = network.Transposed($"{name}/heads", network.Multiplied($"{name}/weigh", weights, value), 0, 2, 1, 3);
        return network.TokenDense($"{name}/output", network.Reshaped($"{name}/join", heads, tokens, units), units);
    }

    private static Activation Heads(NetworkWriter network, string name, Activation x, params int[] order)
    {
        var units = x.Shape[2];
        var projected = network.TokenDense(name, x, units, hasBias: false);
        return network.Transposed(name, network.Reshaped(name, projected, x.Shape[1], units / HeadSize, HeadSize), order);
    }

    /// <summary>The mean of the tokens, [1, units], weighed by a softmax of what a dense layer gives each.</summary>
    private static Activation Pooled(NetworkWriter network, Activation x)
    {
        var scores = network.TokenDense("importance", x, 1, hasBias: false);
        var weights = network.Transposed("importance", network.Softmaxed("importance/softmax", scores, 1), 0, 2, 1);
        return network.Flatten(network.Multiplied("pool", weights, x));
    }
}
