using System.Security.Cryptography;
using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>Where the packed weights of a class lie: one behind the other, at multiples of 64 bytes.</summary>
/// <param name="sharesEqual">
/// Whether weights of equal bytes lie in one place, and those that others begin with as well. That takes packing them while the model is
/// planned, which only pays where several programs have the same weights.
/// </param>
internal sealed class WeightLayout(bool sharesEqual = false)
{
    private const int Alignment = 64;
    private readonly List<WeightImage.Part> _parts = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<(ElementType Element, int Bytes), List<Shared>> _shared = [];
    private readonly Dictionary<(string Node, string Purpose, ElementType Element), (PackedWeights Entry, Lazy<byte[]> Bytes)> _longest =
    [];
    private int _end;

    /// <summary>All weights, with readable slack behind the last.</summary>
    public WeightImage Image() => _parts.Count == 0 ? WeightImage.Empty : new WeightImage(checked(_end + ArenaPlanner.Slack), _parts);

    /// <summary>Adds weights, or finds equal ones.</summary>
    public PackedWeights Add<T>(string node, string purpose, string name, ElementType element, int bytes, PackWeights<T> pack)
        where T : unmanaged
    {
        var offset = checked(_end + Alignment - 1) / Alignment * Alignment;
        var part = WeightImage.Part.Of(offset, bytes, pack);
        if (!sharesEqual)
        {
            return Append(node, purpose, name, element, part);
        }

        if (!_shared.TryGetValue((element, bytes), out var candidates))
        {
            _shared.Add((element, bytes), candidates = []);
        }

        // What is the first of its size is not packed before there is something to compare it with.
        var hash = new Lazy<string>(() => HashOf(part));
        if (candidates.FirstOrDefault(c => c.Hash.Value == hash.Value) is { } equal)
        {
            return equal.Entry with { Node = node, Purpose = purpose };
        }

        if (LongerOf(node, purpose, element, part) is { } longer)
        {
            return longer with { Bytes = bytes };
        }

        var entry = Append(node, purpose, name, element, part);
        candidates.Add(new Shared(entry, hash));
        if (!_longest.ContainsKey((node, purpose, element)))
        {
            _longest.Add((node, purpose, element), (entry, new Lazy<byte[]>(() => BytesOf(part))));
        }

        return entry;
    }

    /// <summary>
    /// The weights of a program before this one for the same node, where they begin with these: of a table of positions, for example, the
    /// program for fewer needs the first ones.
    /// </summary>
    private PackedWeights? LongerOf(string node, string purpose, ElementType element, WeightImage.Part part) =>
        _longest.TryGetValue((node, purpose, element), out var longest)
        && longest.Entry.Bytes > part.Bytes
        && longest.Bytes.Value.AsSpan(0, part.Bytes).SequenceEqual(BytesOf(part))
            ? longest.Entry
            : null;

    private PackedWeights Append(string node, string purpose, string name, ElementType element, WeightImage.Part part)
    {
        var unique = Identifiers.Unique(Identifiers.PascalCase(name), _names);
        _parts.Add(part);
        _end = checked(part.Offset + part.Bytes);
        return new PackedWeights(unique, element, part.Offset, part.Bytes, node, purpose);
    }

    private static string HashOf(WeightImage.Part part)
    {
        using var sha = SHA256.Create();
        return Convert.ToBase64String(sha.ComputeHash(BytesOf(part)));
    }

    private static byte[] BytesOf(WeightImage.Part part)
    {
        var bytes = new byte[part.Bytes];
        part.Pack(bytes);
        return bytes;
    }

    /// <summary>Weights that others may be equal to.</summary>
    private sealed record Shared(PackedWeights Entry, Lazy<string> Hash);
}
