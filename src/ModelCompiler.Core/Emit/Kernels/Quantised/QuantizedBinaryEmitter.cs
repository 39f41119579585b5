using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

/// <summary>Writes sums and products of quantised tensors as loops around rows: blocks of vectors, then single elements.</summary>
internal sealed class QuantizedBinaryEmitter(QuantizedBinaryKernel kernel, KernelWriter writer)
{
    private readonly SourceWriter _code = writer.Code;
    private readonly ByteText _text = new(writer);
    private readonly QuantizedBinary _op = kernel.Operator;
    private readonly int _last = kernel.Sizes.Count - 1;

    public static void Emit(QuantizedBinaryKernel kernel, KernelWriter writer) => new QuantizedBinaryEmitter(kernel, writer).Emit();

    private bool IsSum => _op.Function == QuantizedFunction.Add;

    /// <summary>Whether bytes are widened as signed integers: a sum takes these as they are, a product their distance from the zero point.</summary>
    private bool WidensSigned => IsSum && _op.Y.Element == ElementType.Int8;

    /// <summary>Whether memory holds the other sign than the arithmetic.</summary>
    private bool IsFlipped => _op.Storage != _op.Y.Element;

    private int Vectorised => kernel.Sizes[_last] / _text.Block * _text.Block;

    private void Emit()
    {
        if (Vectorised > 0)
        {
            DeclareConstants();
        }

        var open = new Stack<SourceWriter.Block>();
        for (var loop = 0; loop < _last; loop++)
        {
            open.Push(_code.For($"i{loop}", 0, kernel.Sizes[loop]));
        }

        _code.Line($"ref var a = ref {Start(writer.Input(0), kernel.AStrides)};");
        _code.Line($"ref var b = ref {Start(writer.Input(1), kernel.BStrides)};");
        _code.Line($"ref var y = ref {Start(writer.Output(), OutputStrides())};");
        if (Vectorised > 0)
        {
            EmitBlocks();
        }

        if (Vectorised < kernel.Sizes[_last])
        {
            EmitElements();
        }

        while (open.Count > 0)
        {
            open.Pop().Dispose();
        }
    }

    /// <summary>Everything of the formulas that does not depend on the elements.</summary>
    private void DeclareConstants()
    {
        var (a, b, last) = kernel.Factors;
        _text.DeclareParts(_code, WidensSigned);
        if (IsSum)
        {
            // Where a scaled factor is too small to be exact, no product with it reaches the bits that decide.
            var unit = WidensSigned ? ByteText.SignedUnit : 1;
            _code.Line($"var ra = {_text.All(a / unit)};");
            _code.Line($"var rb = {_text.All(b / unit)};");
            _code.Line($"var f = {_text.All(last)};");
        }
        else
        {
            _code.Line($"var s = {_text.All(a)};");
            _code.Line($"var zero = {_text.All(last)};");
        }

        if (!kernel.IsBounded)
        {
            _code.Line($"var low = {_text.All((float)_op.Low)};");
            _code.Line($"var high = {_text.All((float)_op.High)};");
        }
    }

    private void EmitBlocks()
    {
        DeclareRepeated("a", kernel.AStrides, _op.A);
        DeclareRepeated("b", kernel.BStrides, _op.B);
        using var loop = _code.For("i", 0, Vectorised, _text.Block);
        DeclareBytes("a", kernel.AStrides);
        DeclareBytes("b", kernel.BStrides);
        for (var part = 0; part < ByteText.Parts; part++)
        {
            var (a, b) = (Part("a", kernel.AStrides, _op.A, part), Part("b", kernel.BStrides, _op.B, part));
            var value = IsSum
                ? $"{_text.Vector}.FusedMultiplyAdd({a}, ra, {_text.Vector}.FusedMultiplyAdd({b}, rb, f))"
                : $"({a} * {b} * s + zero)";
            _code.Line($"var v{part} = {_text.Rounded(kernel.IsBounded ? value : _text.Clamped(value, "low", "high"))};");
        }

        _code.Line($"var bytes = {_text.Packed("v0, v1, v2, v3", _op.Y.Element)};");
        if (kernel.IsBounded)
        {
            EmitBounds();
        }

        _code.Line(
            $"{(IsFlipped ? $"(bytes ^ {_text.Vector}.Create((byte)0x80))" : "bytes")}.StoreUnsafe(ref {AsByte("Unsafe.Add(ref y, i)")});"
        );
    }

    /// <summary>An operand that is the same in the whole row.</summary>
    private void DeclareRepeated(string name, IReadOnlyList<int> strides, Quantization quantization)
    {
        if (strides[_last] == 0)
        {
            var value = Minus($"(float){name}", Centre(quantization), Literals.Float(Centre(quantization)));
            _code.Line(
                $"var all{name} = {_text.Vector}.Create({value}{(WidensSigned ? $" * {Literals.Float(ByteText.SignedUnit)}" : "")});"
            );
        }
    }

    private void DeclareBytes(string name, IReadOnlyList<int> strides)
    {
        if (strides[_last] != 0)
        {
            _code.Line($"var {name}Bytes = {_text.Bytes($"Unsafe.Add(ref {name}, i)", flipped: WidensSigned ? IsFlipped : IsSigned)};");
        }
    }

    private string Part(string name, IReadOnlyList<int> strides, Quantization quantization, int part)
    {
        if (strides[_last] == 0)
        {
            return "all" + name;
        }

        // Signed bytes in memory become unsigned ones first, unless they are widened with their sign.
        var floats = _text.Floats($"{name}Bytes", part);
        var centre = Centre(quantization) + (IsSigned ? 128 : 0);
        return WidensSigned ? floats : Minus(floats, centre, _text.All((float)centre));
    }

    /// <summary>The bounds of an activation behind the operator.</summary>
    private void EmitBounds()
    {
        var (signed, vector) = (_op.Y.Element == ElementType.Int8, _text.Vector);
        void Bound(string function, int bound) =>
            _code.Line(
                signed
                    ? $"bytes = {vector}.{function}(bytes.AsSByte(), {vector}.Create((sbyte){Text(bound)})).AsByte();"
                    : $"bytes = {vector}.{function}(bytes, {vector}.Create((byte){Text(bound)}));"
            );
        if (_op.Low > _op.Y.Element.LowestValue())
        {
            Bound("Max", _op.Low);
        }

        if (_op.High < _op.Y.Element.HighestValue())
        {
            Bound("Min", _op.High);
        }
    }

    private void EmitElements()
    {
        using var loop = _code.For("i", Vectorised, kernel.Sizes[_last]);
        var (a, b) = (Element("a", kernel.AStrides, _op.A), Element("b", kernel.BStrides, _op.B));
        var (ra, rb, last) = (Literals.Float(kernel.Factors.A), Literals.Float(kernel.Factors.B), Literals.Float(kernel.Factors.Last));
        var value = IsSum ? $"MathF.FusedMultiplyAdd({a}, {ra}, MathF.FusedMultiplyAdd({b}, {rb}, {last}))" : $"{a} * {b} * {ra} + {last}";
        var rounded = ByteText.ScalarRounded(value, Literals.Float(_op.Low), Literals.Float(_op.High));
        var offset = ByteText.Offset(_op.Storage, _op.Y.Element);
        _code.Line($"Unsafe.Add(ref y, i) = ({KernelWriter.TypeName(writer.Step.Outputs[0])})({Minus(rounded, -offset, Text(-offset))});");
    }

    private string Element(string name, IReadOnlyList<int> strides, Quantization quantization) =>
        Minus(
            $"(float)Unsafe.Add(ref {name}, {(strides[_last] == 0 ? "0" : "i")})",
            Centre(quantization),
            Literals.Float(Centre(quantization))
        );

    private bool IsSigned => _op.Storage == ElementType.Int8;

    /// <summary>What is taken from an element before the formula: a product needs the distance from the zero point, a sum the integer itself.</summary>
    private int Centre(Quantization q) => ByteText.Offset(_op.Storage, q.Element) + (IsSum ? 0 : q.ZeroPoint);

    private static string Minus(string value, int number, string text) => number == 0 ? value : $"({value} - {text})";

    private string AsByte(string element) =>
        KernelWriter.TypeName(writer.Step.Outputs[0]) == "byte" ? element : $"Unsafe.As<sbyte, byte>(ref {element})";

    private int[] OutputStrides()
    {
        var strides = new int[kernel.Sizes.Count];
        var stride = 1;
        for (var loop = strides.Length - 1; loop >= 0; loop--)
        {
            strides[loop] = stride;
            stride *= kernel.Sizes[loop];
        }

        return strides;
    }

    private string Start(string operand, IReadOnlyList<int> strides)
    {
        var terms = Enumerable.Range(0, _last).Where(loop => strides[loop] != 0).Select(loop => $"i{loop} * {strides[loop]}").ToList();
        return terms.Count == 0 ? operand : $"Unsafe.Add(ref {operand}, {string.Join(" + ", terms)})";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
