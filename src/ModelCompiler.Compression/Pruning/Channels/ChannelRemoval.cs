using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>Takes slices out of a model: constants become smaller, and so do the sizes that nodes name.</summary>
internal sealed class ChannelRemoval
{
    private readonly OnnxModel _model;
    private readonly Coupling _coupling;
    private readonly Dictionary<(string Tensor, int Axis), HashSet<int>> _removed = [];

    private ChannelRemoval(Coupling coupling)
    {
        _model = coupling.Model;
        _coupling = coupling;
    }

    public static void Apply(Coupling coupling, IEnumerable<Slice> slices)
    {
        var removal = new ChannelRemoval(coupling);
        foreach (var slice in slices)
        {
            if (!removal._removed.TryGetValue((slice.Tensor, slice.Axis), out var indices))
            {
                removal._removed.Add((slice.Tensor, slice.Axis), indices = []);
            }

            indices.Add(slice.Index);
        }

        // Nodes first, while constants and shapes still say what was there.
        foreach (var node in removal._model.Graph.Node)
        {
            removal.Rewrite(node);
        }

        removal.CutConstants();
        removal._model.NodesChanged();
        removal._model.RemoveUnusedConstants();
        removal._model.Graph.ValueInfo.Clear();
    }

    private int Kept(string tensor, int axis) =>
        _coupling.Shape(tensor)![axis] - (_removed.TryGetValue((tensor, axis), out var indices) ? indices.Count : 0);

    private int KeptBefore(string tensor, int axis, int place) =>
        place - (_removed.TryGetValue((tensor, axis), out var indices) ? indices.Count(i => i < place) : 0);

    private bool IsCut(string tensor) =>
        _coupling.Shape(tensor) is { } shape && Enumerable.Range(0, shape.Rank).Any(a => _removed.ContainsKey((tensor, a)));

    private void Rewrite(NodeProto node)
    {
        if (!node.Input.Concat(node.Output).Any(IsCut))
        {
            return;
        }

        switch (node.OpType)
        {
            case "Conv" when OnnxMessages.Find(node, "group") is { I: > 1 } group:
                group.I = Kept(node.Input[0], 1) / Kept(node.Input[1], 1);
                break;
            case "ConvTranspose" when OnnxMessages.Find(node, "group") is { I: > 1 } group:
                group.I = Kept(node.Output[0], 1) / Kept(node.Input[1], 1);
                break;
            case "Split":
                RewriteSplit(node);
                break;
            case "Slice":
                RewriteSlice(node);
                break;
            case "Reshape" when _model.Constant(node.Input[1]) is { } shape:
                RewriteShape(node, 1, shape.ToLongs(), node.Output[0], entry => entry > 0);
                break;
            case "Expand":
                RewriteShape(node, 1, _model.Constant(node.Input[1])!.ToLongs(), node.Output[0], entry => entry > 1);
                break;
            case "Resize" when node.Input.Count > 3 && _model.Constant(node.Input[3]) is { } sizes:
                RewriteShape(node, 3, sizes.ToLongs(), node.Output[0], entry => entry > 0);
                break;
        }
    }

    /// <summary>Gives the node a shape of its own in which the entries that name sizes are what is left of these.</summary>
    private void RewriteShape(NodeProto node, int input, long[] entries, string output, Func<long, bool> namesSize)
    {
        var first = _coupling.Shape(output)!.Rank - entries.Length;
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = namesSize(entries[i]) ? Kept(output, first + i) : entries[i];
        }

        node.Input[input] = AddNumbers(node, "shape", entries);
    }

    private void RewriteSplit(NodeProto node)
    {
        var axis = TensorShape.NormaliseAxis(OnnxMessages.Find(node, "axis")?.I ?? 0, _coupling.Shape(node.Input[0])!.Rank);
        long[] sizes = [.. node.Output.Select(o => (long)Kept(o, axis))];
        Drop(node, "num_outputs");
        SetNumbers(node, "split", 1, sizes, inputSince: 13);
    }

    private void RewriteSlice(NodeProto node)
    {
        var ranges = SliceRange.Of(_model, node, _coupling.Shape(node.Input[0])!)!;
        long[] starts = [.. CouplingRules.Numbers(_model, node, "starts", 1)!];
        long[] ends = [.. CouplingRules.Numbers(_model, node, "ends", 2)!];
        var axes = CouplingRules.Numbers(_model, node, "axes", 3);
        for (var i = 0; i < starts.Length; i++)
        {
            var axis = TensorShape.NormaliseAxis(axes?[i] ?? i, ranges.Count);
            if (ranges[axis].Step == 1)
            {
                starts[i] = KeptBefore(node.Input[0], axis, ranges[axis].Begin);
                ends[i] = KeptBefore(node.Input[0], axis, ranges[axis].End);
            }
        }

        SetNumbers(node, "starts", 1, starts, 10);
        SetNumbers(node, "ends", 2, ends, 10);
    }

    private void SetNumbers(NodeProto node, string name, int input, long[] numbers, int inputSince)
    {
        if (_model.Opset < inputSince)
        {
            Drop(node, name);
            node.Attribute.Add(OnnxMessages.Attribute(name, numbers));
            return;
        }

        while (node.Input.Count <= input)
        {
            node.Input.Add("");
        }

        node.Input[input] = AddNumbers(node, name, numbers);
    }

    private string AddNumbers(NodeProto node, string name, long[] numbers) =>
        _model.AddConstant<long>($"{node.Output[0]}/{name}", ElementType.Int64, [numbers.Length], numbers);

    private static void Drop(NodeProto node, string attribute)
    {
        if (OnnxMessages.Find(node, attribute) is { } found)
        {
            node.Attribute.Remove(found);
        }
    }

    private void CutConstants()
    {
        foreach (var name in _model.Graph.Initializer.Select(i => i.Name).Where(n => _coupling.Units.Has(n) && IsCut(n)).ToList())
        {
            var tensor = _model.Constant(name)!;
            for (var axis = 0; axis < tensor.Shape.Rank; axis++)
            {
                if (_removed.TryGetValue((name, axis), out var indices))
                {
                    tensor = Without(tensor, axis, indices);
                }
            }

            _model.SetConstant(name, tensor);
        }
    }

    private static Tensor Without(Tensor tensor, int axis, HashSet<int> indices)
    {
        var shape = tensor.Shape;
        var block = shape.Product(axis + 1, shape.Rank) * tensor.Element.SizeInBytes();
        var type = tensor.Type with { Shape = shape.With(axis, shape[axis] - indices.Count) };
        var bytes = new byte[type.Bytes];
        var target = 0;
        for (var row = 0; row < shape.Product(0, axis) * shape[axis]; row++)
        {
            if (!indices.Contains(row % shape[axis]))
            {
                tensor.Bytes.Slice(row * block, block).CopyTo(bytes.AsSpan(target));
                target += block;
            }
        }

        return Tensor.FromBytes(type, bytes);
    }
}
