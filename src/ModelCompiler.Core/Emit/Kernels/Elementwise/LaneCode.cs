using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Emit.Kernels.Elementwise;

/// <summary>
/// Writes arithmetic on one element or on the lanes of a vector: what both are written with, so that each function needs one
/// expression for all element types and vector widths. Operands are names of locals or literals.
/// </summary>
internal abstract class LaneCode(SourceWriter code, ElementType element)
{
    private int _locals;

    /// <summary>The element type that is computed with.</summary>
    public ElementType Element { get; } = element;

    public bool IsFloat => Element is ElementType.Float32 or ElementType.Float64;

    public bool IsUnsigned => !IsFloat && Element.LowestValue() == 0;

    /// <summary>The C# type of one element.</summary>
    public string Type => Element.CSharpName()!;

    /// <summary>The same writer for another element type.</summary>
    public abstract LaneCode With(ElementType element);

    /// <summary>Gives an expression a name, so that it is computed once.</summary>
    public string Let(string expression)
    {
        var name = $"t{Next()}";
        code.Line($"var {name} = {expression};");
        return name;
    }

    /// <summary>A constant: C# text without suffix, for example 0.5.</summary>
    public string Number(string text) =>
        Constant(
            Element == ElementType.Float32 ? text + "f"
            : Element == ElementType.Float64 ? text + "d"
            : text
        );

    /// <summary>A parameter of the model.</summary>
    public string Number(float value) => Constant(Element == ElementType.Float32 ? Literals.Float(value) : Literals.Double(value));

    /// <summary>A constant of the element type, as C# text that is complete.</summary>
    public abstract string Constant(string literal);

    /// <summary>a op b, wrapping around where the elements are integers.</summary>
    public abstract string Arithmetic(string a, string op, string b);

    /// <summary>−a or ~a.</summary>
    public abstract string Prefix(string op, string a);

    /// <summary>A truth value for each lane: a op b with C#'s comparison operator.</summary>
    public abstract string Compare(string a, string op, string b);

    /// <summary>Logical operation on truth values: &amp;, | or ^.</summary>
    public abstract string Logical(string a, string op, string b);

    public abstract string Not(string condition);

    public abstract string Select(string condition, string a, string b);

    /// <summary>A function that the base class library has under one name for elements and vectors.</summary>
    public abstract string Call(string function, params string[] arguments);

    /// <summary>A function of <see cref="LaneFunctions"/>.</summary>
    public abstract string Own(string function, string x);

    /// <summary>Converts to the element type of this writer, which is that of the cast.</summary>
    public abstract string Convert(Cast cast, ElementType from, string x);

    /// <summary>Reads an element, or as many as there are lanes, from <paramref name="index"/> on.</summary>
    public abstract string Load(string reference, string index);

    /// <summary>The statement that writes what <see cref="Load"/> reads.</summary>
    public abstract string Store(string value, string reference, string index);

    /// <summary>Elements that are computed at once.</summary>
    public abstract int Lanes { get; }

    public string Add(string a, string b) => Let(Arithmetic(a, "+", b));

    public string Sub(string a, string b) => Let(Arithmetic(a, "-", b));

    public string Mul(string a, string b) => Let(Arithmetic(a, "*", b));

    public string Div(string a, string b) => Let(Arithmetic(a, "/", b));

    /// <summary>b where condition a op b holds for x and bound, else x: one half of a clamp, which lets NaN through.</summary>
    public string Bounded(string x, string op, string bound) => Let(Select(Compare(x, op, bound), bound, x));

    /// <summary>The writer's locals are numbered across element types.</summary>
    protected virtual int Next() => _locals++;
}
