using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Training.Architectures;

/// <summary>Recurrent layers over a sequence, [1, time, features], whose last state a dense layer classifies.</summary>
internal static class RecurrentClassifier
{
    public static Activation Write(NetworkWriter network, Activation item, int classes, RecurrentCell cell, NetworkSize size)
    {
        var x = AsSequence(network, item);
        var (time, features) = (x.Shape[1], x.Shape[2]);
        x = network.Node(
            "time_first",
            "Transpose",
            [x.Name],
            "time_first_out",
            new TensorShape(time, 1, features),
            OnnxMessages.Attribute("perm", 1, 0, 2)
        );
        for (var i = 1; i <= size.Layers; i++)
        {
            x = Layer(network, $"{(cell == RecurrentCell.Lstm ? "lstm" : "gru")}{i}", x, cell, size.Hidden, isLast: i == size.Layers);
        }

        return network.Classifier(x, classes);
    }

    /// <summary>The item as a sequence: an image of one channel is one of its rows.</summary>
    private static Activation AsSequence(NetworkWriter network, Activation item) =>
        item.Shape.Rank == 3
            ? item
            : network.Node(
                "rows",
                "Squeeze",
                [item.Name, network.Integers("channel_axis", 1)],
                "rows_out",
                new TensorShape(1, item.Shape[2], item.Shape[3])
            );

    /// <summary>One layer: its last state, [1, units], or its states at all times, [time, 1, units].</summary>
    private static Activation Layer(NetworkWriter network, string name, Activation x, RecurrentCell cell, int units, bool isLast)
    {
        var isLstm = cell == RecurrentCell.Lstm;
        var (gates, bound) = ((isLstm ? 4 : 3) * units, Initialisation.Recurrent(units));
        string[] inputs =
        [
            x.Name,
            network.Uniform($"{name}.input_weight", bound, 1, gates, x.Shape[2]),
            network.Uniform($"{name}.recurrent_weight", bound, 1, gates, units),
            network.Weights($"{name}.bias", Biases(gates, units, isLstm), 1, 2 * gates),
        ];
        var node = OnnxMessages.Node(
            name,
            isLstm ? "LSTM" : "GRU",
            inputs,
            isLast ? "" : $"{name}_states",
            OnnxMessages.Attribute("hidden_size", (long)units)
        );
        if (!isLstm)
        {
            // The form that other frameworks train, in which the reset gate comes behind the product.
            node.Attribute.Add(OnnxMessages.Attribute("linear_before_reset", 1L));
        }

        if (isLast)
        {
            node.Output.Add($"{name}_last");
        }

        network.Node(node);
        return isLast
            ? Squeezed(network, name, $"{name}_last", "direction_first", 0, new TensorShape(1, units))
            : Squeezed(network, name, $"{name}_states", "direction_second", 1, new TensorShape(x.Shape[0], 1, units));
    }

    private static Activation Squeezed(NetworkWriter network, string name, string value, string axes, int axis, TensorShape shape) =>
        network.Node($"{name}/squeeze", "Squeeze", [value, network.Integers(axes, axis)], $"{name}_out", shape);

    /// <summary>Zeros, but that an LSTM remembers at first: its forget gates, the third, have 1 (Gers, Schmidhuber and Cummins 2000).</summary>
    private static float[] Biases(int gates, int units, bool isLstm)
    {
        var biases = new float[2 * gates];
        if (isLstm)
        {
            biases.AsSpan(2 * units, units).Fill(1);
        }

        return biases;
    }
}
