using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Training.Architectures;

/// <summary>A value between two layers.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Its shape for a batch of one.</param>
internal readonly record struct Activation(string Name, TensorShape Shape);

/// <summary>
/// Writes a network as an ONNX graph with random weights, node after node. The weights are the same for the same seed on every machine,
/// which is why they are uniform: nothing but multiplications and square roots makes them.
/// </summary>
internal sealed class NetworkWriter(string name, int seed)
{
    private const int Opset = 17;

    /// <summary>A file holds no more than 2 GB, and nothing that is meant for a small device comes near it.</summary>
    private const long MostWeights = 100_000_000;

    private readonly ModelProto _model = OnnxMessages.Model(name, Opset);
    private readonly Random _random = new(seed);
    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);
    private long _weights;

    /// <summary>The input of the network: a batch of one item.</summary>
    public Activation Input(TensorShape item)
    {
        var input = new Activation(
            item.Rank switch
            {
                3 => "image",
                2 => "sequence",
                1 => "vector",
                _ => "input",
            },
            new TensorShape([1, .. item])
        );
        _model.Graph.Input.Add(OnnxMessages.Port(input.Name, new TensorType(ElementType.Float32, input.Shape)));
        return input;
    }

    /// <summary>Adds a node.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="operatorType">ONNX's operator.</param>
    /// <param name="inputs">Names of values, weights and constants.</param>
    /// <param name="output">Name of what it gives.</param>
    /// <param name="shape">Shape of that.</param>
    /// <param name="attributes">Its attributes.</param>
    public Activation Node(
        string node,
        string operatorType,
        IEnumerable<string> inputs,
        string output,
        TensorShape shape,
        params AttributeProto[] attributes
    )
    {
        Node(OnnxMessages.Node(node, operatorType, inputs, output, attributes));
        return new(output, shape);
    }

    /// <summary>Adds a node that has several outputs.</summary>
    public void Node(NodeProto node) => _model.Graph.Node.Add(node);

    /// <summary>Weights that are uniform from −bound to bound.</summary>
    public string Uniform(string weight, double bound, params int[] shape)
    {
        var elements = new float[Counted(weight, shape)];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = (float)(((2 * _random.NextDouble()) - 1) * bound);
        }

        return Weights(weight, elements, shape);
    }

    /// <summary>Weights that are all the same.</summary>
    public string Filled(string weight, float value, params int[] shape)
    {
        var elements = new float[Counted(weight, shape)];
        Array.Fill(elements, value);
        return Weights(weight, elements, shape);
    }

    /// <summary>Weights that are given.</summary>
    public string Weights(string weight, ReadOnlySpan<float> elements, params int[] shape)
    {
        _model.Graph.Initializer.Add(OnnxMessages.Initializer(weight, ElementType.Float32, shape, elements));
        return weight;
    }

    /// <summary>A single number, which is a part of a formula; there once, however often it is asked for.</summary>
    public string Number(string constant, float value)
    {
        if (_constants.Add(constant))
        {
            _model.Graph.Initializer.Add(OnnxMessages.Initializer<float>(constant, ElementType.Float32, [], [value]));
        }

        return constant;
    }

    /// <summary>Integers such as axes or a shape; there once, however often they are asked for.</summary>
    public string Integers(string constant, params long[] values)
    {
        if (_constants.Add(constant))
        {
            _model.Graph.Initializer.Add(OnnxMessages.Initializer<long>(constant, ElementType.Int64, [values.Length], values));
        }

        return constant;
    }

    /// <summary>The model, with the one output that is given.</summary>
    public ModelProto Finish(Activation output)
    {
        _model.Graph.Output.Add(OnnxMessages.Port(output.Name, new TensorType(ElementType.Float32, output.Shape)));
        return _model;
    }

    private int Counted(string weight, int[] shape)
    {
        var elements = shape.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue));
        _weights += elements;
        return _weights <= MostWeights
            ? (int)elements
            : throw new TrainingException(
                $"the network would have more than {MostWeights} weights; '{weight}' alone would have [{string.Join(",", shape)}]"
            );
    }
}
