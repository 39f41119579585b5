using Google.Protobuf;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Training.Graphs;

/// <summary>
/// Imports a model for any size of batch. Where the file says a size, usually 1, it is replaced in the inputs and in what was derived
/// from it: literal shapes, constants that stand beside a batch, and initial states.
/// </summary>
/// <param name="model">The model, with its parameters as inputs behind its own.</param>
/// <param name="source">The file, for its name and the data beside it.</param>
/// <param name="options">Sizes of symbolic dimensions.</param>
/// <param name="inputs">Names of the model's own inputs.</param>
internal sealed class BatchedModel(OnnxModel model, ModelSource source, CompileOptions options, IReadOnlyList<string> inputs)
{
    private readonly BatchAxes _axes = new(model.Graph, inputs, options.Dimensions);

    /// <summary>Items of a batch in the file; 1 where it leaves that open.</summary>
    public int FileBatch => _axes.FileBatch;

    /// <summary>The dimension of an input that counts items; null where all items share it.</summary>
    public int? BatchAxis(string input) => _axes.Of(input);

    /// <summary>Whether some node of the file computes a value of a name.</summary>
    public bool HasValue(string name) => model.Graph.Node.Any(n => n.Output.Contains(name));

    /// <summary>The names that are not already those of outputs.</summary>
    public IEnumerable<string> Inner(IEnumerable<string> names) => names.Except(model.Graph.Output.Select(o => o.Name));

    /// <summary>The graph for a number of items, which is a multiple of <see cref="FileBatch"/>.</summary>
    /// <param name="batch">The number of items.</param>
    /// <param name="observed">Names of values that become outputs behind the model's own, where they are none.</param>
    /// <exception cref="TrainingException">It cannot be imported for so many.</exception>
    public Graph Import(int batch, params IEnumerable<string> observed)
    {
        var proto = model.Proto.Clone();
        // Without a type: the importer infers it.
        proto.Graph.Output.AddRange(Inner(observed).Select(name => new ValueInfoProto { Name = name }));
        foreach (var input in inputs)
        {
            _axes.Set(proto.Graph, input, batch);
        }

        if (batch != FileBatch)
        {
            Derive(proto, batch);
        }

        proto.Graph.ValueInfo.Clear();
        return Import(source with { Bytes = proto.ToByteArray() }, options, $" for a batch of {batch}");
    }

    /// <summary>Makes sure that the compiler takes the file as it is, so that nothing that follows has to look out for damage.</summary>
    /// <exception cref="TrainingException">It does not.</exception>
    public void RequireWhole() =>
        Import(
            source,
            _axes.Symbol.Length == 0
                ? options
                : options with
                {
                    Dimensions = (DimensionBinding[])[.. options.Dimensions, new(_axes.Symbol, 1)],
                }
        );

    private static Graph Import(ModelSource source, CompileOptions options, string what = "")
    {
        var result = OnnxImporter.Import(source, options);
        return result.Graph
            ?? throw new TrainingException(
                $"the model cannot be imported{what}: "
                    + string.Join(
                        " ",
                        result.Problems.Where(p => p.Kind.Severity == Severity.Error).Select(p => p.Message).Distinct().Take(3)
                    )
            );
    }

    private void Derive(ModelProto proto, int batch)
    {
        var graph = proto.Graph;
        var constants = graph.Initializer.ToDictionary(i => i.Name, StringComparer.Ordinal);
        var shapes = constants
            .Select(c => (c.Key, c.Value.Dims.ToArray()))
            .Concat(
                graph
                    .Input.Where(i => !inputs.Contains(i.Name))
                    .Select(i => (i.Name, i.Type.TensorType.Shape.Dim.Select(d => d.DimValue).ToArray()))
            )
            .ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal);
        // What is computed from the model's inputs, and so holds a batch.
        var batched = inputs.Where(i => BatchAxis(i) is not null).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node.ToList())
        {
            if (node.OpType == "ConstantOfShape" && constants.ContainsKey(node.Input[0]) && model.Constant(node.Input[0]) is { } shape)
            {
                shapes[node.Output[0]] = shape.ToLongs();
            }

            if (!node.Input.Any(batched.Contains))
            {
                continue;
            }

            batched.UnionWith(node.Output);
            switch (node.OpType)
            {
                case "Reshape":
                    Reshape(graph, node, constants, batch);
                    break;
                case "Concat":
                    Concat(graph, node, batched, shapes, batch);
                    break;
                case "LSTM" or "GRU" or "RNN":
                    var batchAxis = node.Attribute.Any(a => a.Name == "layout" && a.I != 0) ? 0 : 1;
                    foreach (
                        var state in new[] { 5, 6 }.Where(i =>
                            i < node.Input.Count && node.Input[i].Length > 0 && !batched.Contains(node.Input[i])
                        )
                    )
                    {
                        Spread(graph, node, state, rank: 3, batchAxis, batch);
                    }

                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>A literal shape whose first size counts items.</summary>
    private void Reshape(GraphProto graph, NodeProto node, Dictionary<string, TensorProto> constants, int batch)
    {
        var attribute = node.Attribute.FirstOrDefault(a => a.Name == "shape");
        long[]? shape =
            attribute is not null ? [.. attribute.Ints]
            : node.Input.Count > 1 && constants.ContainsKey(node.Input[1]) ? model.Constant(node.Input[1])?.ToLongs()
            : null;
        if (shape is not { Length: > 0 } || shape[0] <= 0 || (shape.Contains(-1) && shape[0] != FileBatch) || shape[0] % FileBatch != 0)
        {
            return;
        }

        shape[0] = shape[0] / FileBatch * batch;
        if (attribute is not null)
        {
            attribute.Ints[0] = shape[0];
            return;
        }

        // Another node may read the same constant.
        node.Input[1] = AddShape(graph, $"{node.Output[0]}_batched_shape", shape);
    }

    /// <summary>Constants that are concatenated with batches, such as a class token, are there once for every item.</summary>
    private void Concat(GraphProto graph, NodeProto node, HashSet<string> batched, Dictionary<string, long[]> shapes, int batch)
    {
        var axis = node.Attribute.FirstOrDefault(a => a.Name == "axis")?.I ?? 1;
        for (var i = 0; i < node.Input.Count; i++)
        {
            if (!batched.Contains(node.Input[i]) && shapes.TryGetValue(node.Input[i], out var shape) && shape.Length > 0)
            {
                if ((axis < 0 ? axis + shape.Length : axis) != 0 && shape[0] == FileBatch && FileBatch == 1)
                {
                    Spread(graph, node, i, shape.Length, 0, batch);
                }
            }
        }
    }

    /// <summary>Repeats what is there for one item.</summary>
    private static void Spread(GraphProto graph, NodeProto node, int input, int rank, int batchAxis, int batch)
    {
        long[] shape = [.. Enumerable.Range(0, rank).Select(axis => axis == batchAxis ? batch : 1L)];
        var name = $"{node.Output.First(o => o.Length > 0)}_batched_{input}";
        var expand = OnnxMessages.Node(name, "Expand", [node.Input[input], AddShape(graph, $"{name}_shape", shape)], name);
        graph.Node.Insert(graph.Node.IndexOf(node), expand);
        node.Input[input] = name;
    }

    private static string AddShape(GraphProto graph, string name, long[] shape)
    {
        graph.Initializer.Add(OnnxMessages.Initializer<long>(name, ElementType.Int64, [shape.Length], shape));
        return name;
    }
}
