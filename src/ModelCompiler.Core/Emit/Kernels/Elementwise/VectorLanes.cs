using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Arithmetic on the lanes of a vector. Truth values are vectors whose lanes have all bits set or none.</summary>
internal sealed class VectorLanes(KernelWriter writer, ElementType element, int bits, VectorLanes? origin = null)
    : LaneCode(writer.Code, element)
{
    public string Vector { get; } = $"Vector{bits}";

    // Elements in 16 bits are floats once they are read.
    private bool IsNarrow => NarrowVectorCode.Serves(Element);

    public override int Lanes => bits / 8 / (IsNarrow ? sizeof(float) : Element.SizeInBytes());

    public override LaneCode With(ElementType element) =>
        element == Element ? this : new VectorLanes(writer, element, bits, origin ?? this);

    public override string Constant(string literal) =>
        literal is "0" or "0f" or "0d" ? $"{Vector}<{Type}>.Zero" : $"{Vector}.Create({(IsFloat ? "" : $"({Type})")}{literal})";

    public override string Arithmetic(string a, string op, string b) => $"{a} {op} {b}";

    public override string Prefix(string op, string a) => op + a;

    public override string Compare(string a, string op, string b) =>
        op switch
        {
            "==" => $"{Vector}.Equals({a}, {b})",
            "<" => $"{Vector}.LessThan({a}, {b})",
            "<=" => $"{Vector}.LessThanOrEqual({a}, {b})",
            ">" => $"{Vector}.GreaterThan({a}, {b})",
            ">=" => $"{Vector}.GreaterThanOrEqual({a}, {b})",
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "no vector comparison"),
        };

    public override string Logical(string a, string op, string b) => $"{a} {op} {b}";

    public override string Not(string condition) => $"~{condition}";

    public override string Select(string condition, string a, string b) => $"{Vector}.ConditionalSelect({condition}, {a}, {b})";

    public override string Call(string function, params string[] arguments) => $"{Vector}.{function}({string.Join(", ", arguments)})";

    public override string Own(string function, string x) => LaneFunctions.CallVector(writer, function, Element, bits, x);

    public override string Convert(Cast cast, ElementType from, string x) =>
        (from, Element) switch
        {
            (ElementType.Int32, ElementType.Float32) => $"{Vector}.ConvertToSingle({x})",
            (ElementType.Float32, ElementType.Int32) => $"{Vector}.ConvertToInt32({x})",
            (_, ElementType.Float32) when NarrowVectorCode.Serves(from) => x,
            _ when from == Element => x,
            _ when IsNarrow => NarrowVectorCode.Round(writer, Element, bits, x),
            _ => throw new ArgumentOutOfRangeException(nameof(from), from, $"no vector conversion to {Element}"),
        };

    /// <summary>An element in all lanes.</summary>
    public string Spread(string reference) =>
        $"{Vector}.Create({(IsNarrow ? NarrowFloatCode.Decode(writer, Element, reference) : reference)})";

    public override string Load(string reference, string index) =>
        IsNarrow
            ? NarrowVectorCode.Load(writer, Element, bits, $"Unsafe.Add(ref {reference}, {index})")
            : $"{Vector}.LoadUnsafe(ref {reference}, (nuint)({index}))";

    public override string Store(string value, string reference, string index) =>
        IsNarrow
            ? NarrowVectorCode.Store(writer, Element, bits, value, $"Unsafe.Add(ref {reference}, {index})")
            : $"({value}).StoreUnsafe(ref {reference}, (nuint)({index}));";

    protected override int Next() => origin is null ? base.Next() : origin.Next();
}
