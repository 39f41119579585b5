using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Conversions between all element types, against the definitions of the formats and against ONNX Runtime.</summary>
public sealed class CastTests
{
    private static readonly Differential.Tolerance Exact = new(0, 0);

    /// <summary>Formats with their bits of exponent and mantissa, bias, and the codes from which on there is no finite number.</summary>
    public static TheoryData<ElementType, int, int, int, int> Formats =>
        new()
        {
            { ElementType.Float16, 5, 10, 15, 0x7C00 },
            { ElementType.BFloat16, 8, 7, 127, 0x7F80 },
            { ElementType.Float8E4M3FN, 4, 3, 7, 0x7F },
            { ElementType.Float8E4M3FNUZ, 4, 3, 8, 0x80 },
            { ElementType.Float8E5M2, 5, 2, 15, 0x7C },
            { ElementType.Float8E5M2FNUZ, 5, 2, 16, 0x80 },
            { ElementType.Float4E2M1, 2, 1, 1, 8 },
        };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_code_is_the_number_of_its_definition(ElementType element, int exponentBits, int mantissaBits, int bias, int end)
    {
        var codes = Enumerable.Range(0, 1 << (1 + exponentBits + mantissaBits)).ToArray();
        var expected = codes.Select(c => (float)Number(c, exponentBits, mantissaBits, bias, end, element)).ToArray();
        var input = Array(element, codes);
        Assert.Equal(expected, (float[])Converted(input, element, new(ElementType.Float32)));
        Assert.Equal(expected, (float[])ConvertedAtCompileTime(input, element, new(ElementType.Float32)));
    }

    [Theory]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Bool)]
    public void Conversions_to_the_type_of_another_tensor_equal_onnxruntime(ElementType element)
    {
        var model = new OnnxModelBuilder(19);
        var like = model.Input("like", element, 2, 1);
        model.Output(model.Node("CastLike", [model.Input("x", ElementType.Float32, 3, 5), like]), element);
        Differential.Check(model, tolerance: Exact);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Numbers_become_the_nearest_code_and_even_ones_at_ties(
        ElementType element,
        int exponentBits,
        int mantissaBits,
        int bias,
        int end
    )
    {
        // The largest code's successor stands for all that is beyond.
        var numbers = Enumerable
            .Range(0, end + 1)
            .Select(c => Number(c, exponentBits, mantissaBits, bias, int.MaxValue, element))
            .Where((_, c) => c % Math.Max(1, end / 500) < 3 || c > end - 3)
            .ToArray();
        var values = numbers
            .Zip(numbers.Skip(1), (a, b) => (a + b) / 2)
            .Concat(numbers)
            .Select(v => (float)v)
            .SelectMany(v => new[] { v, MathF.BitIncrement(v), MathF.BitDecrement(v) })
            .Concat([1e30f, 1e-30f, float.Epsilon, float.MaxValue, float.PositiveInfinity, 0])
            .SelectMany(v => new[] { v, -v })
            .Append(float.NaN)
            .ToArray();
        foreach (var saturate in new[] { true, false })
        {
            var cast = new Cast(element, saturate);
            var expected = values.Select(v => Nearest(v, exponentBits, mantissaBits, bias, end, element, saturate)).ToArray();
            Assert.Equal(expected, Reals(Converted(values, ElementType.Float32, cast), element));
            Assert.Equal(expected, Reals(ConvertedAtCompileTime(values, ElementType.Float32, cast), element));
        }
    }

    [Fact]
    public void Doubles_are_rounded_once()
    {
        // In float32 they are ties, and then the even code would be taken.
        double[] values = [1 + (1 / 16.0) + 1e-12, 1 + (3 / 16.0) - 1e-12, -1 - (1 / 16.0) - 1e-12, 1e300, 1e-300, 0.1];
        float[] expected = [1.125f, 1.125f, -1.125f, 448, 0, 0.1015625f];
        var cast = new Cast(ElementType.Float8E4M3FN);
        Assert.Equal(expected, Reals(Converted(values, ElementType.Float64, cast), cast.To));
        Assert.Equal(expected, Reals(ConvertedAtCompileTime(values, ElementType.Float64, cast), cast.To));
    }

    [Theory]
    [InlineData(PowerRounding.Up)]
    [InlineData(PowerRounding.Down)]
    [InlineData(PowerRounding.Nearest)]
    public void Numbers_become_powers_of_two(PowerRounding rounding)
    {
        var powers = Enumerable.Range(-127, 255).Select(e => Math.Pow(2, e)).ToArray();
        var values = powers
            .SelectMany(p => new[] { p, p * 1.25, p * 1.5, p * 1.75 })
            .Select(v => (float)v)
            .SelectMany(v => new[] { v, MathF.BitIncrement(v), MathF.BitDecrement(v) })
            .Concat([0, float.Epsilon, float.MaxValue, float.PositiveInfinity, float.NaN])
            .ToArray();
        foreach (var saturate in new[] { true, false })
        {
            var expected = values.Select(v => NearestPower(v, powers, rounding, saturate)).ToArray();
            var cast = new Cast(ElementType.Float8E8M0, saturate, rounding);
            Assert.Equal(expected, Reals(Converted(values, ElementType.Float32, cast), cast.To));
            Assert.Equal(expected, Reals(ConvertedAtCompileTime(values, ElementType.Float32, cast), cast.To));
        }
    }

    public static TheoryData<ElementType> TypesOfOnnxRuntime => [.. Known];

    private static IEnumerable<ElementType> Known =>
        ElementwiseRules.Held.Where(e => e is not (ElementType.Float8E8M0 or ElementType.Float4E2M1));

    /// <summary>
    /// Types that ONNX Runtime converts but its C# interface does not know travel inside of the model. Where the result is not defined,
    /// and where ONNX Runtime rounds to 4 and 2 bits instead of truncating, there is nothing to compare.
    /// </summary>
    [Theory]
    [MemberData(nameof(TypesOfOnnxRuntime))]
    public void Conversions_to_all_types_equal_onnxruntime(ElementType from)
    {
        var isFloat = !from.IsInteger() && from != ElementType.Bool;
        foreach (var unsigned in new[] { true, false })
        {
            var model = new OnnxModelBuilder(25);
            var (x, given) = Given(model, from);
            foreach (var to in Known.Where(t => !isFloat || !t.IsInteger() || t.LowestValue() == 0 == unsigned))
            {
                var y = model.Node("Cast", [x], ("to", (int)to));
                var isKnown = to < ElementType.Float8E4M3FN;
                model.Output(isKnown ? y : model.Node("Cast", [y], ("to", 1)), isKnown ? to : ElementType.Float32);
            }

            float[] numbers = unsigned ? [0, 1, 2, 3, 2, 1] : [-2, -1, 0, 1, 0, -1];
            var floats = Enumerable.Range(0, Size).Select(i => numbers[i % numbers.Length]).ToArray();
            Differential.Check(
                model,
                tolerance: Exact,
                targets: [Target.Find("portable")!],
                optimisation: GraphOptimizationLevel.ORT_DISABLE_ALL,
                inputs: isFloat || given == ElementType.Float32 ? new Dictionary<string, Array> { ["x"] = As(floats, given) } : null
            );
        }
    }

    private const int Size = 30;

    private static (string X, ElementType Given) Given(OnnxModelBuilder model, ElementType from)
    {
        if (from < ElementType.Float8E4M3FN)
        {
            return (model.Input("x", from, Size), from);
        }

        // Integers of all values for integers of few bits, because they wrap around.
        var given = from.IsInteger() ? ElementType.Int8 : ElementType.Float32;
        return (model.Node("Cast", [model.Input("x", given, Size)], ("to", (int)from)), given);
    }

    private static Array As(float[] numbers, ElementType element) =>
        element switch
        {
            ElementType.Float16 => numbers.Select(n => (Half)n).ToArray(),
            ElementType.BFloat16 => numbers.Select(n => (ushort)(BitConverter.SingleToUInt32Bits(n) >> 16)).ToArray(),
            ElementType.Float64 => numbers.Select(n => (double)n).ToArray(),
            _ => numbers,
        };

    /// <summary>With saturation: without it ONNX Runtime differs from the specification near and beyond the largest number.</summary>
    [Theory]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    [InlineData(ElementType.Float8E4M3FN)]
    [InlineData(ElementType.Float8E4M3FNUZ)]
    [InlineData(ElementType.Float8E5M2)]
    [InlineData(ElementType.Float8E5M2FNUZ)]
    public void Roundings_of_floats_equal_onnxruntime(ElementType to)
    {
        var model = new OnnxModelBuilder(25);
        var x = model.Input("x", ElementType.Float32, 2000);
        var y = model.Node("Cast", [x], ("to", (int)to));
        model.Output(model.Node("Cast", [y], ("to", (int)ElementType.Float32)), ElementType.Float32);

        var random = new Random(5);
        var values = Enumerable.Range(0, 2000).Select(_ => MathF.Pow(2, random.Next(-20, 20)) * (random.NextSingle() - 0.5f)).ToArray();
        Differential.Check(
            model,
            tolerance: Exact,
            targets: [Target.Find("portable")!],
            optimisation: GraphOptimizationLevel.ORT_DISABLE_ALL,
            inputs: new Dictionary<string, Array> { ["x"] = values }
        );
    }

    [Fact]
    public void Bits_of_packed_elements_stay_what_they_are()
    {
        var model = new OnnxModelBuilder(26);
        var x = model.Input("x", ElementType.UInt4, 16);
        var signed = model.Node("BitCast", [x], ("to", (int)ElementType.Int4));
        var real = model.Node("BitCast", [signed], ("to", (int)ElementType.Float4E2M1));
        model.Output(signed, ElementType.Int4).Output(real, ElementType.Float4E2M1);
        model.Output(model.Node("BitCast", [real], ("to", (int)ElementType.Int4)), ElementType.Int4);
        model.Output(model.Node("BitCast", [model.Input("y", ElementType.Float16, 3)], ("to", (int)ElementType.Int16)), ElementType.Int16);
        using var network = Load(model);
        byte[] codes = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        sbyte[] integers = [.. codes.Select(c => (sbyte)(c < 8 ? c : c - 16))];
        var results = network.Run(codes, (Half[])[(Half)1, (Half)(-2), Half.NaN]);
        Assert.Equal(
            [integers, codes, integers, (short[])[0x3C00, unchecked((short)0xC000), unchecked((short)0xFE00)]],
            results.Select(r => r.Elements)
        );
    }

    private static double Number(int code, int exponentBits, int mantissaBits, int bias, int end, ElementType element)
    {
        var magnitude = code & ((1 << (exponentBits + mantissaBits)) - 1);
        var sign = code == magnitude ? 1 : -1;
        var unsignedZero = element is ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2FNUZ;
        if (end < int.MaxValue && (unsignedZero ? code == end : magnitude >= end))
        {
            return magnitude == end && element is not ElementType.Float8E4M3FN && !unsignedZero
                ? sign * double.PositiveInfinity
                : double.NaN;
        }

        // Behind the last code, too, where the pattern goes on.
        magnitude = end == int.MaxValue ? code : magnitude;
        var (exponent, mantissa) = (magnitude >> mantissaBits, magnitude & ((1 << mantissaBits) - 1));
        var fraction = (double)mantissa / (1 << mantissaBits);
        return (end == int.MaxValue ? 1 : sign)
            * (exponent == 0 ? fraction * Math.Pow(2, 1 - bias) : (1 + fraction) * Math.Pow(2, exponent - bias));
    }

    private static float Nearest(float value, int exponentBits, int mantissaBits, int bias, int end, ElementType element, bool saturate)
    {
        var unsignedZero = element is ElementType.Float8E4M3FNUZ or ElementType.Float8E5M2FNUZ;
        if (float.IsNaN(value))
        {
            return element == ElementType.Float4E2M1 ? -0f : float.NaN;
        }

        var magnitude = Math.Abs((double)value);
        double At(int code) => Number(code, exponentBits, mantissaBits, bias, int.MaxValue, element);
        var (low, high) = (0, end);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            (low, high) = At(middle) <= magnitude ? (middle, high) : (low, middle);
        }

        var tie = (At(low) + At(high)) / 2;
        var code =
            magnitude < tie ? low
            : magnitude > tie ? high
            : low + (low & 1);
        var sign = value < 0 || float.IsNegative(value) ? -1f : 1f;
        if (code < end)
        {
            var number = (float)At(code);
            return number == 0 && unsignedZero ? 0 : sign * number;
        }

        var wide = element is ElementType.Float16 or ElementType.BFloat16;
        return (saturate && !wide) || element == ElementType.Float4E2M1 ? sign * (float)At(end - 1)
            : wide || element == ElementType.Float8E5M2 ? sign * float.PositiveInfinity
            : float.NaN;
    }

    private static float NearestPower(float value, double[] powers, PowerRounding rounding, bool saturate)
    {
        if (float.IsNaN(value) || value < powers[0])
        {
            return float.IsNaN(value) || !saturate ? float.NaN : (float)powers[0];
        }

        var below = powers.Last(p => p <= value);
        var power =
            rounding == PowerRounding.Down || below == value || (rounding == PowerRounding.Nearest && value < 1.5 * below)
                ? below
                : 2 * below;
        return !float.IsInfinity(value) && power <= powers[^1] ? (float)power
            : saturate ? (float)powers[^1]
            : float.NaN;
    }

    private static Array Array(ElementType element, int[] codes) =>
        element == ElementType.Float16 ? codes.Select(c => BitConverter.UInt16BitsToHalf((ushort)c)).ToArray()
        : element == ElementType.BFloat16 ? codes.Select(c => (ushort)c).ToArray()
        : codes.Select(c => (byte)c).ToArray();

    private static float[] Reals(Array elements, ElementType element) =>
        Elements.Reals(new NamedTensor("y", new TensorType(element, new TensorShape(elements.Length)), elements));

    private static Array Converted(Array x, ElementType from, Cast cast)
    {
        // In vectors of every width, where there are such.
        Array? result = null;
        foreach (var target in cast.To.SizeInBytes() < 2 || from.SizeInBytes() < 2 ? [Target.Auto] : Targets.OfEachWidth)
        {
            using var network = Load(Model(cast, m => m.Input("x", from, x.Length)), target);
            var converted = network.Run(x)[0].Elements;
            Assert.Equal(result ?? converted, converted);
            result = converted;
        }

        return result!;
    }

    private static Array ConvertedAtCompileTime(Array x, ElementType from, Cast cast)
    {
        var constant = Tensor.FromBytes(new TensorType(from, new TensorShape(x.Length)), Elements.Bytes(x).ToArray());
        using var network = Load(Model(cast, m => m.Constant(constant)));
        return network.Run()[0].Elements;
    }

    private static OnnxModelBuilder Model(Cast cast, Func<OnnxModelBuilder, string> x)
    {
        var model = new OnnxModelBuilder(25);
        var y = model.Node(
            "Cast",
            [x(model)],
            ("to", (int)cast.To),
            ("saturate", cast.Saturate ? 1 : 0),
            ("round_mode", cast.Rounding.ToString().ToLower(CultureInfo.InvariantCulture))
        );
        return model.Output(y, cast.To);
    }

    private static CompiledNetwork Load(OnnxModelBuilder model, Target? target = null)
    {
        var options = new CompileOptions { ClassName = "TestModel", Target = target ?? Target.Auto };
        var compiled = ModelCompilation.Compile(new ModelSource("test.onnx", model.ToBytes(), _ => null), options);
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        return CompiledNetwork.Load(compiled, options);
    }
}
