using ModelCompiler.Graphs;

namespace ModelCompiler.Training.Architectures;

/// <summary>
/// Dense layers down to a few numbers and up again, as MLPerf Tiny detects anomalies (Banbury et al. 2021): what it gives back badly is
/// not like what it has learnt.
/// </summary>
internal static class Autoencoder
{
    public static Activation Write(NetworkWriter network, Activation item, NetworkSize size)
    {
        var elements = item.Shape.Elements;
        if (size.Bottleneck >= elements)
        {
            throw new TrainingException(
                $"autoencoder: the bottleneck has {size.Bottleneck} units, but an item has {elements} elements; it must have fewer, as --bottleneck says"
            );
        }

        var x = network.Flatten(item);
        for (var i = 1; i <= size.Layers; i++)
        {
            x = network.Dense($"encoder{i}", x, size.Hidden);
        }

        x = network.Linear("bottleneck", x, size.Bottleneck, "code");
        for (var i = 1; i <= size.Layers; i++)
        {
            x = network.Dense($"decoder{i}", x, size.Hidden);
        }

        return item.Shape.Rank == 2
            ? network.Linear("output", x, elements, "reconstruction")
            : InShapeOf(network, item.Shape, network.Linear("output", x, elements, "row"));
    }

    private static Activation InShapeOf(NetworkWriter network, TensorShape shape, Activation x) =>
        // 0 keeps the number of items, whatever it is.
        network.Node(
            "reshape",
            "Reshape",
            [x.Name, network.Integers("item_shape", [0, .. shape.Skip(1).Select(s => (long)s)])],
            "reconstruction",
            shape
        );
}
