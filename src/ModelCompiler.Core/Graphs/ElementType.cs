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

    /// <summary>Unsigned 4-bit integer, held one a byte after import.</summary>
    UInt4 = 21,

    /// <summary>Signed 4-bit integer, held one a byte after import.</summary>
    Int4 = 22,
}

/// <summary>Facts about element types.</summary>
public static class ElementTypes
{
    /// <summary>Bytes that one element takes in a constant and in a buffer; 0 where the type has no fixed size.</summary>
    public static int SizeInBytes(this ElementType type) =>
        type switch
        {
            ElementType.UInt8 or ElementType.Int8 or ElementType.Bool or ElementType.UInt4 or ElementType.Int4 => 1,
            ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
            ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
            ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
            _ => 0,
        };

    /// <summary>The C# keyword of the type that holds one element, or null where no built-in type does.</summary>
    public static string? CSharpName(this ElementType type) =>
        type switch
        {
            ElementType.Float32 => "float",
            ElementType.UInt8 or ElementType.UInt4 => "byte",
            ElementType.Int8 or ElementType.Int4 => "sbyte",
            ElementType.UInt16 => "ushort",
            ElementType.Int16 => "short",
            ElementType.Int32 => "int",
            ElementType.Int64 => "long",
            ElementType.Bool => "bool",
            ElementType.Float64 => "double",
            ElementType.UInt32 => "uint",
            ElementType.UInt64 => "ulong",
            _ => null,
        };

    /// <summary>Whether the type is a two's-complement or unsigned integer (bool is not).</summary>
    public static bool IsInteger(this ElementType type) => LowestValue(type) != HighestValue(type);

    /// <summary>The lowest value of an integer type; 0 for the others.</summary>
    public static long LowestValue(this ElementType type) =>
        type switch
        {
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
