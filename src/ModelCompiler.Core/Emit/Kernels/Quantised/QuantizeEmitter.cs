using System.Globalization;
using ModelCompiler.Graphs;
using ModelCompiler.Lowering.Kernels.Quantised;

namespace ModelCompiler.Emit.Kernels.Quantised;

/// <summary>Writes how vectors of floats become 8-bit integers with one scale, given as C# text, as is the zero point.</summary>
internal sealed class QuantizeEmitter(KernelWriter writer, ElementType element, string scale, string zero, ScaleReciprocal? reciprocal)
{
    private readonly SourceWriter _code = writer.Code;
    private readonly ByteText _text = new(writer);

    // A portable fused product may be a call.
    private readonly ScaleReciprocal? _reciprocal =
        reciprocal is { Low: not 0 } && writer.InstructionSet == InstructionSet.Portable ? null : reciprocal;

    /// <summary>
    /// Bounds before the conversion, so that no float beyond an integer's range is converted; the comparison is false for what
    /// is not a number, which becomes the lowest value.
    /// </summary>
    private static readonly SharedCode Quantize = new(
        "Quantize",
        """
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static int Quantize(float value, float scale, int zeroPoint, float lowest, float highest)
        {
            var (low, high) = (lowest - zeroPoint, highest - zeroPoint);
            var quotient = value / scale;
            quotient = quotient > low ? quotient : low;
            return (int)MathF.Round(quotient < high ? quotient : high) + zeroPoint;
        }
        """
    );

    public static void Emit(QuantizeInterleavedKernel kernel, KernelWriter writer)
    {
        var (scale, zero) = (Literals.Float(kernel.Quantization.Scale), Text(kernel.Quantization.ZeroPoint));
        new QuantizeEmitter(writer, kernel.Quantization.Element, scale, zero, kernel.Reciprocal).Interleaved(kernel);
    }

    /// <summary>The integer of one float.</summary>
    public static string Scalar(KernelWriter writer, ElementType element, string value, string scale, string zero)
    {
        writer.Use(Quantize);
        return $"Shared.Quantize({value}, {scale}, {zero}, {element.LowestValue()}f, {element.HighestValue()}f)";
    }

    /// <summary>All elements of the input, in their order.</summary>
    public void Row(int elements)
    {
        if (elements < _text.Block)
        {
            using var elementwise = _code.For("i", 0, elements);
            Element($"Unsafe.Add(ref {writer.Output()}, i)", $"Unsafe.Add(ref {writer.Input()}, i)");
            return;
        }

        DeclareConstants();
        var isWhole = elements % _text.Block == 0;
        using var loop = _code.For(isWhole ? "i" : "start", 0, elements, _text.Block);
        if (!isWhole)
        {
            _code.Line("// The last ones again with some before them, so that none goes by itself.");
            _code.Line($"nint i = Math.Min(start, {elements - _text.Block});");
        }

        for (var part = 0; part < ByteText.Parts; part++)
        {
            Integers($"v{part}", $"Unsafe.Add(ref {writer.Input()}, i + {part * _text.Lanes})");
        }

        _code.Line($"var bytes = {_text.Quantised("v0, v1, v2, v3", element, "zeros")};");
        _code.Line($"{_text.InOrder("bytes")}.StoreUnsafe(ref {AsByte($"Unsafe.Add(ref {writer.Output()}, i)")});");
    }

    /// <summary>
    /// Four positions of up to four planes make 128 bits of integers, which a shuffle interleaves. They are stored whole, over the
    /// begin of what the next store writes; the last positions go one by one, so that nothing is written behind the end.
    /// </summary>
    private void Interleaved(QuantizeInterleavedKernel kernel)
    {
        const int PositionsOfStore = 4;
        var (planes, positions) = (kernel.Planes, kernel.Positions);
        var overwritten = ((ByteText.Parts - planes) * PositionsOfStore + planes - 1) / planes;
        var vectors = Math.Max(0, positions - overwritten) / _text.Lanes * _text.Lanes;
        if (vectors > 0)
        {
            DeclareConstants();
            _text.DeclareInterleaving(_code, planes);
        }

        using var batch = _code.For("n", 0, kernel.Batch);
        _code.Line($"ref var x = ref Unsafe.Add(ref {writer.Input()}, n * {planes * positions});");
        _code.Line($"ref var y = ref Unsafe.Add(ref {writer.Output()}, n * {planes * positions});");
        if (vectors > 0)
        {
            using var loop = _code.For("i", 0, vectors, _text.Lanes);
            for (var plane = 0; plane < planes; plane++)
            {
                Integers($"v{plane}", $"Unsafe.Add(ref x, i + {plane * positions})");
            }

            var parts = string.Join(", ", Enumerable.Range(0, ByteText.Parts).Select(p => $"v{Math.Min(p, planes - 1)}"));
            _code.Line($"var bytes = {_text.Interleaved(_text.Quantised(parts, element, "zeros"))};");
            for (var half = 0; half < _text.Lanes / PositionsOfStore; half++)
            {
                var target = $"Unsafe.Add(ref y, (i + {half * PositionsOfStore}) * {planes})";
                _code.Line($"{_text.Half("bytes", half)}.StoreUnsafe(ref {AsByte(target)});");
            }
        }

        if (vectors < positions)
        {
            using var loop = _code.For("i", vectors, positions);
            for (var plane = 0; plane < planes; plane++)
            {
                Element($"Unsafe.Add(ref y, i * {planes} + {plane})", $"Unsafe.Add(ref x, i + {plane * positions})");
            }
        }
    }

    private void DeclareConstants()
    {
        if (_reciprocal is { } factor)
        {
            _code.Line($"var reciprocal = {_text.All(factor.High)};");
            if (factor.Low != 0)
            {
                _code.Line("// Proved to quantise every float like a division by the scale.");
                _code.Line($"var missing = {_text.All(factor.Low)};");
            }
        }
        else
        {
            _code.Line($"var scales = {_text.Vector}.Create({scale});");
        }

        _code.Line($"var zeros = {_text.Vector}.Create((short)({zero}));");
        _code.Line($"var low = {_text.Vector}.Create({element.LowestValue()}f - ({zero}));");
        _code.Line($"var high = {_text.Vector}.Create({element.HighestValue()}f - ({zero}));");
    }

    /// <summary>Declares a vector of integers, the zero point not yet added.</summary>
    private void Integers(string name, string source)
    {
        var x = $"{_text.Vector}.LoadUnsafe(ref {source})";
        var quotient = $"{x} / scales";
        if (_reciprocal is { Low: 0 })
        {
            quotient = $"{x} * reciprocal";
        }
        else if (_reciprocal is not null)
        {
            _code.Line($"var {name}x = {x};");
            quotient = $"{_text.Vector}.FusedMultiplyAdd({name}x, reciprocal, {name}x * missing)";
        }

        _code.Line($"var {name} = {_text.Saturated(quotient, "low", "high")};");
    }

    private void Element(string target, string source) =>
        _code.Line($"{target} = ({element.CSharpName()}){Scalar(writer, element, source, scale, zero)};");

    private string AsByte(string target) => element == ElementType.UInt8 ? target : $"Unsafe.As<sbyte, byte>(ref {target})";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
