using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>Arithmetic on one element.</summary>
internal sealed class ScalarLanes(KernelWriter writer, ElementType element, ScalarLanes? origin = null) : LaneCode(writer.Code, element)
{
    private string Mathematics => Element == ElementType.Float32 ? "MathF" : "Math";

    // C# computes with 32 bits or more; the result has to be narrowed again.
    private string Narrowed(string expression) => IsFloat ? expression : $"unchecked(({Type})({expression}))";

    public override LaneCode With(ElementType element) => element == Element ? this : new ScalarLanes(writer, element, origin ?? this);

    public override string Constant(string literal) =>
        !IsFloat && Element != ElementType.Bool ? $"({Type}){literal}"
        : literal[0] == '-' ? $"({literal})"
        : literal;

    public override string Arithmetic(string a, string op, string b) => Narrowed($"{a} {op} {b}");

    public override string Prefix(string op, string a) => Narrowed(op + a);

    public override string Compare(string a, string op, string b) => $"{a} {op} {b}";

    public override string Logical(string a, string op, string b) => $"({a}) {op} ({b})";

    public override string Not(string condition) => $"!({condition})";

    public override string Select(string condition, string a, string b) => $"{condition} ? {a} : {b}";

    public override string Call(string function, params string[] arguments) => $"{Mathematics}.{function}({string.Join(", ", arguments)})";

    public override string Own(string function, string x) => LaneFunctions.CallScalar(writer, function, Element, x);

    public override string Convert(Cast cast, ElementType from, string x)
    {
        if (from == Element)
        {
            return x;
        }

        if (from.IsNarrowFloat())
        {
            var real = NarrowFloatCode.Decode(writer, from, x);
            return Element == ElementType.Float32 ? real : Convert(cast, ElementType.Float32, Let(real));
        }

        if (Element.IsNarrowFloat())
        {
            return NarrowFloatCode.Encode(writer, cast, from, x);
        }

        if (from == ElementType.Bool)
        {
            return $"{x} ? {Constant("1")} : {Constant("0")}";
        }

        var narrow = !IsFloat && Element.SizeInBytes() < sizeof(int) && from is ElementType.Float32 or ElementType.Float64;
        return Element == ElementType.Bool ? $"{x} != 0"
            : PackedElements.ArePacked(Element) ? Lowest(Element.BitsInFile(), x)
            // As C++ compilers do it: through 32 bits, then the upper ones are dropped.
            : narrow ? $"unchecked(({Type})(int){x})"
            : $"unchecked(({Type}){x})";
    }

    private string Lowest(int bits, string x) =>
        Element.LowestValue() < 0
            ? $"unchecked((sbyte)((int){x} << {32 - bits} >> {32 - bits}))"
            : $"unchecked((byte)((int){x} & {(1 << bits) - 1}))";

    public override int Lanes => 1;

    public override string Load(string reference, string index) => index == "0" ? reference : $"Unsafe.Add(ref {reference}, {index})";

    public override string Store(string value, string reference, string index) => $"{Load(reference, index)} = {value};";

    protected override int Next() => origin is null ? base.Next() : origin.Next();
}
