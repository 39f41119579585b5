using System.Globalization;

namespace ModelCompiler.Verification;

/// <summary>Numbers for people: three or four digits and a unit, the same on every machine.</summary>
public static class Amount
{
    /// <summary>A count, with k, M or G.</summary>
    public static string Of(long count) =>
        count switch
        {
            < 10_000 => count.ToString(CultureInfo.InvariantCulture),
            < 10_000_000 => Number(count / 1e3) + " k",
            < 10_000_000_000 => Number(count / 1e6) + " M",
            _ => Number(count / 1e9) + " G",
        };

    /// <summary>A size in memory or on disk.</summary>
    public static string Bytes(long bytes) =>
        bytes switch
        {
            < 10_240 => bytes.ToString(CultureInfo.InvariantCulture) + " B",
            < 10 << 20 => Number(bytes / 1024.0) + " KiB",
            _ => Number(bytes / 1048576.0) + " MiB",
        };

    /// <summary>A time.</summary>
    public static string Milliseconds(double milliseconds) =>
        milliseconds < 1 ? Number(milliseconds * 1000) + " µs" : Number(milliseconds) + " ms";

    /// <summary>A number with about four digits.</summary>
    public static string Number(double value) =>
        value.ToString(
            Math.Abs(value) switch
            {
                >= 1000 => "F0",
                >= 100 => "F1",
                >= 10 => "F2",
                _ => "F3",
            },
            CultureInfo.InvariantCulture
        );
}
