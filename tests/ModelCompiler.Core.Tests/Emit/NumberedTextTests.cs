using ModelCompiler.Emit;

namespace ModelCompiler.Core.Tests.Emit;

/// <summary>Which numbers of emitted code an <c>int</c> variable may stand for, and as what.</summary>
public sealed class NumberedTextTests
{
    [Theory]
    [InlineData("for (nint i = 0; i < 12; i += 4)", "for (nint i = n; i < n; i += n)")]
    [InlineData("nint inputRow = row * 3;", "nint inputRow = row * n;")]
    [InlineData("ref var x = ref Unsafe.Add(ref input, (row * 6) + 2);", "ref var x = ref Unsafe.Add(ref input, (row * n) + n);")]
    [InlineData("var w0_0 = Vector128.LoadUnsafe(ref w, 16);", "var w0_0 = Vector128.LoadUnsafe(ref w, (nuint)n);")]
    [InlineData("var w = Vector128.LoadUnsafe(ref w, (nuint)(i + 4));", "var w = Vector128.LoadUnsafe(ref w, (nuint)(i + n));")]
    [InlineData(
        "var w = Vector128.LoadUnsafe(ref Unsafe.Add(ref x, 8), i * 4);",
        "var w = Vector128.LoadUnsafe(ref Unsafe.Add(ref x, n), i * 4);"
    )]
    [InlineData("Unsafe.CopyBlockUnaligned(ref to, ref from, 40);", "Unsafe.CopyBlockUnaligned(ref to, ref from, (uint)n);")]
    [InlineData("Unsafe.InitBlockUnaligned(ref to, 128, 40);", "Unsafe.InitBlockUnaligned(ref to, 128, (uint)n);")]
    [InlineData("if ((nuint)y >= 30)", "if ((nuint)y >= (nuint)n)")]
    [InlineData("// 3 rows of 4", "// n rows of n")]
    [InlineData("const int group = 0;", "const int group = 0;")]
    [InlineData("Span<float> line = stackalloc float[12];", "Span<float> line = stackalloc float[12];")]
    [InlineData("var f = x * 3;", "var f = x * 3;")]
    [InlineData("var f = Vector128.Create(3, 4, 5, 6);", "var f = Vector128.Create(3, 4, 5, 6);")]
    [InlineData("nint y = 0x10 + 3L + x_4 + 5.5;", "nint y = 0x10 + 3L + x_4 + 5.5;")]
    [InlineData("static int Of(int x)\n{\n    int y = 3;\n}\nint z = 3;", "static int Of(int x)\n{\n    int y = 3;\n}\nint z = n;")]
    public void A_variable_stands_where_it_compiles(string code, string expected)
    {
        var text = NumberedText.Of(code);

        Assert.Equal(expected, text.With([.. text.Numbers.Select(_ => "n")]));
        Assert.Equal(code, text.With([.. text.Numbers.Select(_ => (string?)null)]));
    }

    [Fact]
    public void Texts_that_differ_in_such_numbers_have_one_skeleton()
    {
        Assert.Equal(NumberedText.Of("int a = 3;").Skeleton, NumberedText.Of("int a = 44;").Skeleton);
        Assert.NotEqual(NumberedText.Of("const int a = 3;").Skeleton, NumberedText.Of("const int a = 44;").Skeleton);
    }
}
