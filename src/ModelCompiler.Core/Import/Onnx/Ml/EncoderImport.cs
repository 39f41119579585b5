using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>OneHotEncoder, LabelEncoder, and the operators of ai.onnx.ml that know strings only.</summary>
internal static class EncoderImport
{
    /// <summary>Tables of integers with gaps are filled up to this many times their size.</summary>
    private const long MaxFilling = 4;

    /// <summary>A new last dimension with 1 at the category; all 0 for others.</summary>
    public static ImmutableArray<Value> OneHotEncoder(OnnxNode node, GraphBuilder graph)
    {
        if (node.HasAttribute("cats_strings"))
        {
            throw ClassLabels.NoStrings(node, "categories");
        }

        var categories = node.Ints("cats_int64s") ?? throw new ShapeException("attribute 'cats_int64s' is missing");
        var x = new Term(graph, node.Input(0)).To(ElementType.Int64);
        var equal = Lifted(x).With(BinaryFunction.Equal, Constant(graph, Tensor.Longs(categories)));
        return [equal.To(ElementType.Float32).Value];
    }

    public static ImmutableArray<Value> LabelEncoder(OnnxNode node, GraphBuilder graph)
    {
        if (node.Opset < 2 || node.HasAttribute("keys_strings") || node.HasAttribute("values_strings"))
        {
            throw ClassLabels.NoStrings(node, "labels");
        }

        var (keys, values) = (Table(node, "keys"), Table(node, "values"));
        if (keys.Shape.Elements != values.Shape.Elements || keys.Shape.Elements == 0)
        {
            throw new ShapeException($"there are {keys.Shape.Elements} keys and {values.Shape.Elements} values");
        }

        var x = new Term(graph, node.Input(0));
        if (x.Value.Element != keys.Element)
        {
            throw new ShapeException($"the keys are {keys.Element} but the input is {x.Value.Type}");
        }

        var otherwise = Constant(graph, Default(node, values.Element));
        return
        [
            (
                keys.Element.IsInteger() && Filled(keys) is { } table
                    ? ByPosition(x, table, Constant(graph, values), otherwise)
                    : ByComparison(x, keys, Constant(graph, values), otherwise)
            ).Value,
        ];
    }

    /// <summary>A map from class labels to scores is an array in the order of the labels here.</summary>
    public static ImmutableArray<Value> ZipMap(OnnxNode node, GraphBuilder graph) => [node.Input(0)];

    /// <summary>For each integer from the lowest key to the highest the number of the first key that it is, −1 for none; null for sparse keys.</summary>
    private static (long Lowest, long[] Numbers)? Filled(Tensor keys)
    {
        var given = keys.ToLongs();
        var (lowest, highest) = (given.Min(), given.Max());
        if ((double)highest - lowest >= MaxFilling * given.Length)
        {
            return null;
        }

        long[] numbers = [.. Enumerable.Repeat(-1L, (int)(highest - lowest) + 1)];
        for (var i = given.Length - 1; i >= 0; i--)
        {
            numbers[given[i] - lowest] = i;
        }

        return (lowest, numbers);
    }

    private static Term ByPosition(Term x, (long Lowest, long[] Numbers) table, Term values, Term otherwise)
    {
        // One entry more, for all that lies outside.
        var wide = x.To(ElementType.Int64);
        var count = table.Numbers.Length;
        var all = values.Apply(new Concat(0), otherwise.Reshape(1).Value);
        long[] numbers = [.. table.Numbers.Select(n => n < 0 ? values.Shape.Elements : n), values.Shape.Elements];
        var entries = all.Apply(new Gather(0), Constant(x.Graph, Tensor.Longs(numbers)).Value);
        var inside = wide.With(BinaryFunction.GreaterOrEqual, Long(table.Lowest))
            .With(BinaryFunction.And, wide.With(BinaryFunction.LessOrEqual, Long(table.Lowest + count - 1)));
        return entries.Apply(new Gather(0), inside.Choose(wide - Long(table.Lowest), Long(count)).Value);

        Term Long(long value) => Constant(x.Graph, Tensor.Longs(value).Reshape(TensorShape.Scalar));
    }

    private static Term ByComparison(Term x, Tensor keys, Term values, Term otherwise)
    {
        var constant = Constant(x.Graph, keys);
        var equal = Lifted(x).With(BinaryFunction.Equal, constant);
        if (ElementwiseRules.Floats.Contains(keys.Element))
        {
            // NaN is a key like any other.
            var missing = constant.Of(UnaryFunction.IsNaN);
            equal = equal.With(BinaryFunction.Or, Lifted(x).Of(UnaryFunction.IsNaN).With(BinaryFunction.And, missing));
        }

        var last = x.Shape.Rank;
        var counted = equal.To(ElementType.Int32);
        var value = values.Apply(new Gather(0), counted.Apply(new ArgMax(last, KeepDims: false)).Value);
        var found = counted.Apply(new Reduce(ReduceFunction.Max, (int[])[last], KeepDims: false));
        return found.To(ElementType.Bool).Choose(value, otherwise.Reshape());
    }

    private static Term Lifted(Term x) => x.Reshape([.. x.Shape, 1]);

    private static Tensor Table(OnnxNode node, string attribute)
    {
        var table =
            node.Tensor(attribute + "_tensor")
            ?? (
                node.Ints(attribute + "_int64s") is { } integers ? Tensor.Longs(integers)
                : node.Floats(attribute + "_floats") is { } numbers ? Tensor.Floats(new TensorShape(numbers.Length), numbers)
                : throw new ShapeException($"attributes '{attribute}_…' are missing")
            );
        return ElementwiseRules.Numbers.Contains(table.Element)
            ? table.Reshape(new TensorShape(table.Shape.Elements))
            : throw node.Unsupported($"{attribute} are {table.Type}; supported: {string.Join(", ", ElementwiseRules.Numbers)}");
    }

    private static Tensor Default(OnnxNode node, ElementType element)
    {
        if (node.Tensor("default_tensor") is { } given)
        {
            return given.Element == element && given.Shape.Elements == 1
                ? given
                : throw new ShapeException($"the default is {given.Type}; one {element} was expected");
        }

        return element switch
        {
            ElementType.Int64 => Tensor.Longs(node.Int("default_int64", -1)),
            ElementType.Float32 => Tensor.Floats(new TensorShape(1), node.Float("default_float", -0.0f)),
            _ => Zero(element),
        };

        static Tensor Zero(ElementType element) =>
            Tensor.FromBytes(new TensorType(element, new TensorShape(1)), new byte[element.SizeInBytes()]);
    }

    private static Term Constant(GraphBuilder graph, Tensor tensor) => new(graph, graph.Constant(tensor));
}
