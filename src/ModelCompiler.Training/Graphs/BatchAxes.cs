using ModelCompiler.Import.Onnx.Proto;
using Dimension = ModelCompiler.Import.Onnx.Proto.TensorShapeProto.Types.Dimension;
using DimensionKind = ModelCompiler.Import.Onnx.Proto.TensorShapeProto.Types.Dimension.ValueOneofCase;

namespace ModelCompiler.Training.Graphs;

/// <summary>
/// Which dimensions of a model's inputs count the items of a batch. Where the file leaves the first dimension of the first input open
/// and nobody binds it, it is that, and those of the same name; where that is not open, an open one that is called a batch; where
/// there is none, the first dimension again, and those of the same size.
/// </summary>
internal sealed class BatchAxes
{
    private readonly GraphProto _graph;
    private readonly IReadOnlyList<DimensionBinding> _bound;
    private readonly string? _symbol;

    /// <summary>Finds them.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inputs">Names of the model's own inputs.</param>
    /// <param name="bound">Sizes of symbolic dimensions.</param>
    public BatchAxes(GraphProto graph, IReadOnlyList<string> inputs, IReadOnlyList<DimensionBinding> bound)
    {
        (_graph, _bound) = (graph, bound);
        var first = Dimensions(graph, inputs[0]);
        var open = first.Where((dimension, axis) => IsOpen(dimension, inputs[0], axis)).ToList();
        _symbol = first.Count > 0 && open.Contains(first[0]) ? first[0].DimParam : open.FirstOrDefault(IsCalledBatch)?.DimParam;
        FileBatch = _symbol is null && first.Count > 0 ? SizeOf(first[0]) : 1;
        Symbol = _symbol ?? "";
    }

    /// <summary>Items of a batch in the file; 1 where it leaves that open.</summary>
    public int FileBatch { get; }

    /// <summary>The symbol that stands for the number of items; empty where there is none.</summary>
    public string Symbol { get; }

    /// <summary>The dimension of an input that counts items; null where all items share it.</summary>
    public int? Of(string input)
    {
        var dimensions = Dimensions(_graph, input);
        if (_symbol is null)
        {
            return dimensions.Count > 0 && SizeOf(dimensions[0]) == FileBatch ? 0 : null;
        }

        var same = _symbol.Length == 0 ? -1 : dimensions.FindIndex(d => !IsFixed(d) && d.DimParam == _symbol);
        return same >= 0 ? same
            : dimensions.Count > 0 && IsOpen(dimensions[0], input, 0) ? 0
            : null;
    }

    /// <summary>Writes a number of items into an input of a copy of the graph.</summary>
    public void Set(GraphProto copy, string input, int batch)
    {
        if (Of(input) is { } axis)
        {
            Dimensions(copy, input)[axis].DimValue = batch;
        }
    }

    private static List<Dimension> Dimensions(GraphProto graph, string input) =>
        [.. graph.Input.First(i => i.Name == input).Type?.TensorType?.Shape?.Dim ?? []];

    private static bool IsFixed(Dimension dimension) => dimension is { ValueCase: DimensionKind.DimValue, DimValue: > 0 };

    private static bool IsCalledBatch(Dimension dimension) =>
        dimension.DimParam is "N" or "B" || dimension.DimParam.Contains("batch", StringComparison.OrdinalIgnoreCase);

    // What has no name is bound by its place.
    private bool IsOpen(Dimension dimension, string input, int axis)
    {
        var symbol = dimension.DimParam.Length > 0 ? dimension.DimParam : $"{input}[{axis}]";
        return !IsFixed(dimension) && _bound.All(b => b.Symbol != symbol);
    }

    private int SizeOf(Dimension dimension) =>
        IsFixed(dimension)
            ? (int)Math.Min(dimension.DimValue, int.MaxValue)
            : _bound.FirstOrDefault(b => b.Symbol == dimension.DimParam)?.Size ?? 1;
}
