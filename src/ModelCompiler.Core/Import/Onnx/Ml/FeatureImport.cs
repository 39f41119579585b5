using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>Operators of ai.onnx.ml that prepare features.</summary>
internal static class FeatureImport
{
    /// <summary>(x − offset) · scale, in double where the features are.</summary>
    public static ImmutableArray<Value> Scaler(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        x = x.Value.Element == ElementType.Float64 ? x : x.To(ElementType.Float32);
        var centred = Row(node, "offset", x) is { } offset ? x - offset : x;
        var scaled = Row(node, "scale", x) is { } scale ? centred * scale : centred;
        return [scaled.To(ElementType.Float32).Value];
    }

    /// <summary>Divides rows by their greatest element, the sum of their magnitudes, or their length; rows of 0 stay.</summary>
    public static ImmutableArray<Value> Normalizer(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0)).To(ElementType.Float32);
        if (x.Shape.Rank == 0)
        {
            throw new ShapeException("rows of features were expected, found a scalar");
        }

        var axis = x.Shape.Rank == 1 ? 0 : 1;
        var norm = node.Text("norm", "MAX") switch
        {
            "MAX" => x.Reduce(ReduceFunction.Max, axis),
            "L1" => x.Of(UnaryFunction.Abs).Reduce(ReduceFunction.Sum, axis),
            "L2" => (x * x).Reduce(ReduceFunction.Sum, axis).Of(UnaryFunction.Sqrt),
            var other => throw node.Unsupported($"norm '{other}' is not supported; supported: MAX, L1, L2"),
        };
        var divisor = norm.With(BinaryFunction.Equal, norm.Number(0)).Choose(norm.Number(1), norm);
        return [(x / divisor).Value];
    }

    /// <summary>Puts given values where one value, which may be NaN, stands for a missing one.</summary>
    public static ImmutableArray<Value> Imputer(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        if (x.Value.Element == ElementType.Int64)
        {
            var imputed = node.Ints("imputed_value_int64s") ?? throw new ShapeException("attribute 'imputed_value_int64s' is missing");
            var replaced = x.With(BinaryFunction.Equal, Constant(Tensor.Longs(node.Int("replaced_value_int64", 0))));
            return [replaced.Choose(Constant(Tensor.Longs(Fitting(imputed, x))), x).Value];
        }

        if (x.Value.Element != ElementType.Float32)
        {
            throw node.Unsupported($"the input is {x.Value.Type}; supported: Float32, Int64");
        }

        var values = node.Floats("imputed_value_floats") ?? throw new ShapeException("attribute 'imputed_value_floats' is missing");
        var missing = node.Float("replaced_value_float", 0);
        var mask = float.IsNaN(missing) ? x.Of(UnaryFunction.IsNaN) : x.With(BinaryFunction.Equal, x.Number(missing));
        return [mask.Choose(MlConstants.Floats(graph, Fitting(values, x), values.Length), x).Value];

        Term Constant(Tensor tensor) => new(graph, graph.Constant(tensor));
    }

    /// <summary>1 where x is above the threshold, else 0.</summary>
    public static ImmutableArray<Value> Binarizer(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        return
        [
            x.With(BinaryFunction.Greater, MlConstants.Floats(graph, [node.Float("threshold", 0)]).To(x.Value.Element))
                .To(x.Value.Element)
                .Value,
        ];
    }

    /// <summary>All inputs side by side, each cut or filled with 0 to the size that it shall have.</summary>
    public static ImmutableArray<Value> FeatureVectorizer(OnnxNode node, GraphBuilder graph)
    {
        var sizes = node.Ints("inputdimensions") ?? throw new ShapeException("attribute 'inputdimensions' is missing");
        if (sizes.Length != node.Inputs.Length || sizes.Any(s => s is < 0 or > TensorShape.MaxElements))
        {
            throw new ShapeException($"inputdimensions is [{string.Join(",", sizes)}] for {node.Inputs.Length} inputs");
        }

        Value[] parts = [.. sizes.Select((size, i) => Fitted(new Term(graph, node.Input(i)).To(ElementType.Float32), (int)size).Value)];
        return [graph.Add(new Concat(1), parts)];
    }

    /// <summary>Picks elements of the last dimension.</summary>
    public static ImmutableArray<Value> ArrayFeatureExtractor(OnnxNode node, GraphBuilder graph)
    {
        var x = new Term(graph, node.Input(0));
        var indices = new Term(graph, node.Input(1));
        if (x.Shape.Rank == 0)
        {
            throw new ShapeException("a tensor of rank 1 or more was expected, found a scalar");
        }

        var picked = x.Apply(new Gather(x.Shape.Rank - 1), indices.Reshape(indices.Shape.Elements).Value);
        return [(x.Shape.Rank == 1 ? picked.Reshape(1, indices.Shape.Elements) : picked).Value];
    }

    private static Term Fitted(Term x, int size)
    {
        var rows = x.Shape.Rank <= 1 ? 1 : x.Shape[0];
        var matrix = x.Reshape(rows, x.Shape.Elements / Math.Max(rows, 1));
        var columns = matrix.Shape[1];
        return columns > size ? matrix.Slice(1, 0, size)
            : columns < size ? matrix.Apply(new Pad((int[])[0, 0], (int[])[0, size - columns], PadMode.Constant, 0))
            : matrix;
    }

    /// <summary>A list attribute with one number for all features or one for each.</summary>
    private static Term? Row(OnnxNode node, string attribute, Term x) =>
        node.Floats(attribute) is { Length: > 0 } numbers
            ? MlConstants.Floats(x.Graph, Fitting(numbers, x), numbers.Length).To(x.Value.Element)
            : null;

    private static T[] Fitting<T>(T[] numbers, Term x) =>
        numbers.Length == 1 || (x.Shape.Rank > 0 && numbers.Length == x.Shape[x.Shape.Rank - 1])
            ? numbers
            : throw new ShapeException($"{numbers.Length} numbers were given for the features of {x.Shape}");
}
