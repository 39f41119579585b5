namespace ModelCompiler.Graphs;

/// <summary>The type of a tensor's elements; the numbers are those of ONNX's <c>TensorProto.DataType</c>.</summary>
public enum ElementType
{
    /// <summary>Not known.</summary>
    Undefined = 0,

    /// <summary>IEEE 754 binary32.</summary>
    Float32 = 1,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8 = 2,

    /// <summary>Signed 8-bit integer.</summary>
    Int8 = 3,

    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16 = 4,

    /// <summary>Signed 16-bit integer.</summary>
    Int16 = 5,

    /// <summary>Signed 32-bit integer.</summary>
    Int32 = 6,

    /// <summary>Signed 64-bit integer.</summary>
    Int64 = 7,

    /// <summary>Text; recognised so that a diagnostic can name it, never compiled.</summary>
    String = 8,

    /// <summary>One byte, 0 or 1.</summary>
    Bool = 9,

    /// <summary>IEEE 754 binary16.</summary>
    Float16 = 10,

    /// <summary>IEEE 754 binary64.</summary>
    Float64 = 11,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32 = 12,

    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64 = 13,

    /// <summary>The upper half of a binary32.</summary>
    BFloat16 = 16,

    /// <summary>Four bits of exponent, three of mantissa, no infinity; NaN is all ones.</summary>
    Float8E4M3FN = 17,

    /// <summary>Four bits of exponent, three of mantissa, no infinity and no negative zero, whose place NaN has.</summary>
    Float8E4M3FNUZ = 18,

    /// <summary>Five bits of exponent, two of mantissa: the upper half of a binary16.</summary>
    Float8E5M2 = 19,

    /// <summary>Five bits of exponent, two of mantissa, no infinity and no negative zero, whose place NaN has.</summary>
    Float8E5M2FNUZ = 20,

    /// <summary>Unsigned 4-bit integer, held one a byte after import.</summary>
    UInt4 = 21,

    /// <summary>Signed 4-bit integer, held one a byte after import.</summary>
    Int4 = 22,

    /// <summary>Two bits of exponent, one of mantissa, neither infinity nor NaN; held one a byte after import.</summary>
    Float4E2M1 = 23,

    /// <summary>A power of two: eight bits of exponent, neither sign nor zero nor infinity; NaN is all ones.</summary>
    Float8E8M0 = 24,

    /// <summary>Unsigned 2-bit integer, held one a byte after import.</summary>
    UInt2 = 25,

    /// <summary>Signed 2-bit integer, held one a byte after import.</summary>
    Int2 = 26,
}

/// <summary>Facts about element types.</summary>
public static class ElementTypes
{
    /// <summary>Bytes that one element takes in a constant and in a buffer; 0 where the type has no fixed size.</summary>
    public static int SizeInBytes(this ElementType type) =>
        type switch
        {
            ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
            ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
            ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
            ElementType.Undefined or ElementType.String => 0,
            _ => 1,
        };

    /// <summary>Bits that one element takes in a file: those of 2 and 4 bits are packed there, the first in the lowest bits of a byte.</summary>
    public static int BitsInFile(this ElementType type) =>
        type switch
        {
            ElementType.UInt2 or ElementType.Int2 => 2,
            ElementType.UInt4 or ElementType.Int4 or ElementType.Float4E2M1 => 4,
            _ => 8 * type.SizeInBytes(),
        };

    /// <summary>
    /// The C# name of the type that holds one element, or null where none does. Floats that .NET has no type for are held as their bits.
    /// </summary>
    public static string? CSharpName(this ElementType type) =>
        type switch
        {
            ElementType.Float32 => "float",
            ElementType.Int8 or ElementType.Int4 or ElementType.Int2 => "sbyte",
            ElementType.UInt16 or ElementType.BFloat16 => "ushort",
            ElementType.Int16 => "short",
            ElementType.Int32 => "int",
            ElementType.Int64 => "long",
            ElementType.Bool => "bool",
            ElementType.Float16 => "Half",
            ElementType.Float64 => "double",
            ElementType.UInt32 => "uint",
            ElementType.UInt64 => "ulong",
            ElementType.Undefined or ElementType.String => null,
            _ => "byte",
        };

    /// <summary>Whether the type is a floating-point format of at most 16 bits, which is computed with as Float32.</summary>
    public static bool IsNarrowFloat(this ElementType type) =>
        type
            is ElementType.Float16
                or ElementType.BFloat16
                or ElementType.Float8E4M3FN
                or ElementType.Float8E4M3FNUZ
                or ElementType.Float8E5M2
                or ElementType.Float8E5M2FNUZ
                or ElementType.Float8E8M0
                or ElementType.Float4E2M1;

    /// <summary>Whether the type is a two's-complement or unsigned integer (bool is not).</summary>
    public static bool IsInteger(this ElementType type) => LowestValue(type) != HighestValue(type);

    /// <summary>The lowest value of an integer type; 0 for the others.</summary>
    public static long LowestValue(this ElementType type) =>
        type switch
        {
            ElementType.Int2 => -2,
            ElementType.Int4 => -8,
            ElementType.Int8 => sbyte.MinValue,
            ElementType.Int16 => short.MinValue,
            ElementType.Int32 => int.MinValue,
            ElementType.Int64 => long.MinValue,
            _ => 0,
        };

    /// <summary>The highest value of an integer type (2^63 − 1 for unsigned 64 bit); 0 for the others.</summary>
    public static long HighestValue(this ElementType type) =>
        type switch
        {
            ElementType.Int2 => 1,
            ElementType.UInt2 => 3,
            ElementType.Int4 => 7,
            ElementType.UInt4 => 15,
            ElementType.Int8 => sbyte.MaxValue,
            ElementType.UInt8 => byte.MaxValue,
            ElementType.Int16 => short.MaxValue,
            ElementType.UInt16 => ushort.MaxValue,
            ElementType.Int32 => int.MaxValue,
            ElementType.UInt32 => uint.MaxValue,
            ElementType.Int64 or ElementType.UInt64 => long.MaxValue,
            _ => 0,
        };
}
