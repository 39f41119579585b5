using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Training.Optimisation;

namespace ModelCompiler.Training.Architectures;

/// <summary>What an architecture takes.</summary>
public enum ItemForm
{
    /// <summary>[channels, height, width], or [height, width] of one channel.</summary>
    Images,

    /// <summary>[time, features], or [1, time, features].</summary>
    Sequences,

    /// <summary>Items of any shape, whose elements it takes in a row.</summary>
    Any,
}

/// <summary>What an architecture learns to give.</summary>
public enum Learns
{
    /// <summary>The class of an item: a probability each.</summary>
    Classes,

    /// <summary>A class at every place of an image: of one, the probability that it is there, of several, a probability each.</summary>
    Maps,

    /// <summary>The item itself.</summary>
    Items,
}

/// <summary>A network that is written in code: a function that gives an ONNX graph with random weights.</summary>
public sealed record Architecture
{
    internal Architecture(string name, ItemForm takes, SizeChoices usual, WriteNetwork write)
    {
        (Name, Takes, Usual, Write) = (name, takes, usual, write);
    }

    /// <summary>Writes the layers of a network.</summary>
    /// <param name="network">Gets them.</param>
    /// <param name="item">The input.</param>
    /// <param name="outputs">Number of classes.</param>
    /// <param name="size">How large it is to be.</param>
    /// <returns>The output.</returns>
    internal delegate Activation WriteNetwork(NetworkWriter network, Activation item, int outputs, NetworkSize size);

    /// <summary>Its name on the command line.</summary>
    public string Name { get; }

    /// <summary>What it takes.</summary>
    public ItemForm Takes { get; }

    /// <summary>What it learns to give.</summary>
    public Learns Learns { get; internal init; }

    /// <summary>The measures of its size, with what they are where the user says nothing.</summary>
    public SizeChoices Usual { get; }

    /// <summary>Least height and width of an image, below which nothing would be left of it.</summary>
    public int LeastSide { get; internal init; } = 1;

    private WriteNetwork Write { get; }

    /// <summary>The loss that suits it.</summary>
    /// <param name="outputs">Number of classes.</param>
    public LossKind LossOf(int outputs) =>
        Learns switch
        {
            Learns.Items => LossKind.MeanSquaredError,
            Learns.Maps when outputs == 1 => LossKind.BinaryCrossEntropy,
            _ => LossKind.CrossEntropy,
        };

    /// <summary>Makes an untrained network: float32, batch 1, ONNX opset 17.</summary>
    /// <param name="name">Name of the graph.</param>
    /// <param name="item">Shape of one item, without a batch.</param>
    /// <param name="outputs">Number of classes, 1 or more; of no meaning where it learns to give the item.</param>
    /// <param name="chosen">How large it is to be.</param>
    /// <param name="seed">Decides the weights: the same ones on every machine.</param>
    /// <exception cref="TrainingException">It cannot take such items, or cannot be of that size; the message says why.</exception>
    public ModelProto Create(string name, TensorShape item, int outputs, SizeChoices chosen, int seed)
    {
        var size = NetworkSize.Of(Name, Usual, chosen);
        if (!Fits(item))
        {
            throw new TrainingException($"{Name} takes {Form}; an item of the data is {item}");
        }

        if (outputs < 1)
        {
            throw new TrainingException($"{Name}: the data name {outputs} classes; one or more were expected");
        }

        var network = new NetworkWriter(name, seed);
        try
        {
            return network.Finish(Write(network, network.Input(item), outputs, size));
        }
        catch (ShapeException e)
        {
            throw new TrainingException($"{Name} cannot take items of {item}: {e.Message}", e);
        }
    }

    private string Form =>
        Takes switch
        {
            ItemForm.Images =>
                $"images, [channels, height, width] or [height, width]{(LeastSide > 1 ? $", of {LeastSide}×{LeastSide} pixels and more" : "")}",
            ItemForm.Sequences => "sequences, [time, features]",
            _ => "items of one element and more",
        };

    private bool Fits(TensorShape item) =>
        item.Elements > 0
        && Takes switch
        {
            ItemForm.Images => item.Rank is 2 or 3 && item[item.Rank - 2] >= LeastSide && item[item.Rank - 1] >= LeastSide,
            ItemForm.Sequences => item.Rank == 2 || (item.Rank == 3 && item[0] == 1),
            _ => item.Rank >= 1,
        };
}
