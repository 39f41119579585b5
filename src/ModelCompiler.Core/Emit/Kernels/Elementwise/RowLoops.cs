using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Loops along contiguous rows that reductions, softmax and normalisations are made of.</summary>
/// <param name="writer">Where to write.</param>
/// <param name="element">Element type of the rows.</param>
/// <param name="bits">Width of the vectors; 0 where everything is scalar.</param>
/// <param name="length">Elements of a row.</param>
internal sealed class RowLoops(KernelWriter writer, ElementType element, int bits, int length)
{
    // Additions take four cycles or more; this many sums at once keep the unit busy.
    private const int Accumulators = 4;

    private int Lanes => bits == 0 ? length + 1 : bits / 8 / element.SizeInBytes();

    private int Vectorised => length / Lanes * Lanes;

    /// <summary>Loops along the same row with vectors of another width, or scalar ones where the row is shorter.</summary>
    public RowLoops OfWidth(int width) => new(writer, element, length * element.SizeInBytes() * 8 >= width ? width : 0, length);

    public ScalarLanes Scalar() => new(writer, element);

    public VectorLanes Vector() => new(writer, element, bits);

    /// <summary>Applies statements to each element: in vectors as far as these reach, then one by one.</summary>
    public void ForEach(Action<LaneCode, string> body)
    {
        if (Vectorised > 0)
        {
            using var loop = writer.Code.For("i", 0, Vectorised, Lanes);
            body(Vector(), "i");
        }

        if (Vectorised < length)
        {
            using var loop = writer.Code.For("i", Vectorised, length);
            body(Scalar(), "i");
        }
    }

    /// <summary>Declares a local of the given name and reduces all of the row into it.</summary>
    public void Accumulate(string name, ReduceFunction function, Func<LaneCode, string, string> value)
    {
        Begin(name, function);
        Continue(name, function, value);
        End(name, function);
    }

    /// <summary>Declares the accumulators; for reductions of several rows into one.</summary>
    public void Begin(string name, ReduceFunction function)
    {
        for (var k = 0; k < Sums; k++)
        {
            writer.Code.Line($"var {name}{k} = {Vector().Constant(Reduction.Identity(function, element))};");
        }

        writer.Code.Line($"{element.CSharpName()} {name} = {Reduction.Identity(function, element)};");
    }

    /// <summary>Reduces one row into the accumulators.</summary>
    public void Continue(string name, ReduceFunction function, Func<LaneCode, string, string> value)
    {
        var unrolled = Sums > 1 ? length / (Sums * Lanes) * (Sums * Lanes) : 0;
        if (unrolled > 0)
        {
            using var loop = writer.Code.For("i", 0, unrolled, Sums * Lanes);
            var vector = Vector();
            for (var k = 0; k < Sums; k++)
            {
                writer.Code.Line($"{name}{k} = {Reduction.Combine(vector, function, $"{name}{k}", vector.Let(value(vector, Index(k))))};");
            }
        }

        if (unrolled < Vectorised)
        {
            using var loop = writer.Code.For("i", unrolled, Vectorised, Lanes);
            var vector = Vector();
            writer.Code.Line($"{name}0 = {Reduction.Combine(vector, function, $"{name}0", vector.Let(value(vector, "i")))};");
        }

        if (Vectorised < length)
        {
            using var loop = writer.Code.For("i", Vectorised, length);
            var scalar = Scalar();
            writer.Code.Line($"{name} = {Reduction.Combine(scalar, function, name, scalar.Let(value(scalar, "i")))};");
        }
    }

    /// <summary>Brings the accumulators together.</summary>
    public void End(string name, ReduceFunction function)
    {
        if (Sums == 0)
        {
            return;
        }

        var vector = Vector();
        for (var k = 1; k < Sums; k++)
        {
            writer.Code.Line($"{name}0 = {Reduction.Combine(vector, function, $"{name}0", $"{name}{k}")};");
        }

        if (Reduction.IsSum(function))
        {
            writer.Code.Line($"{name} += {SumOfLanes(vector, name + "0")};");
            return;
        }

        using var loop = writer.Code.Open($"for (var lane = 0; lane < {Lanes}; lane++)");
        writer.Code.Line($"{name} = {Reduction.Combine(Scalar(), function, name, $"{name}0.GetElement(lane)")};");
    }

    // Vector128.Sum adds the lanes in an order of the processor's own.
    private string SumOfLanes(VectorLanes vector, string sums) =>
        bits == 128 && element == ElementType.Float32
            ? $"({sums}.GetElement(0) + {sums}.GetElement(1)) + ({sums}.GetElement(2) + {sums}.GetElement(3))"
            : $"{vector.Vector}.Sum({sums})";

    private int Sums =>
        Vectorised >= Accumulators * Lanes ? Accumulators
        : Vectorised > 0 ? 1
        : 0;

    private string Index(int accumulator) => accumulator == 0 ? "i" : $"i + {accumulator * Lanes}";
}

/// <summary>How reductions begin and go on.</summary>
internal static class Reduction
{
    public static bool IsSum(ReduceFunction function) => function is ReduceFunction.Sum or ReduceFunction.Mean;

    /// <summary>The value that changes nothing, as C# text.</summary>
    public static string Identity(ReduceFunction function, ElementType element)
    {
        var type = element.CSharpName();
        var isFloat = element is ElementType.Float32 or ElementType.Float64;
        var suffix =
            element == ElementType.Float32 ? "f"
            : element == ElementType.Float64 ? "d"
            : "";
        return function switch
        {
            ReduceFunction.Max => $"{type}.{(isFloat ? "NegativeInfinity" : "MinValue")}",
            ReduceFunction.Min => $"{type}.{(isFloat ? "PositiveInfinity" : "MaxValue")}",
            ReduceFunction.Prod => "1" + suffix,
            _ => "0" + suffix,
        };
    }

    public static string Combine(LaneCode code, ReduceFunction function, string accumulator, string value) =>
        function switch
        {
            ReduceFunction.Max => code.Call("Max", accumulator, value),
            ReduceFunction.Min => code.Call("Min", accumulator, value),
            ReduceFunction.Prod => code.Arithmetic(accumulator, "*", value),
            _ => code.Arithmetic(accumulator, "+", value),
        };
}
