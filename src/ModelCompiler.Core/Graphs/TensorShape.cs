using System.Collections;
using System.Collections.Immutable;

namespace ModelCompiler.Graphs;

/// <summary>The sizes of a tensor's dimensions, outermost first. Every size is known: symbols are bound at import.</summary>
public sealed class TensorShape : IEquatable<TensorShape>, IReadOnlyList<int>
{
    /// <summary>Most elements that one tensor may have, so that byte offsets stay within 32 bits.</summary>
    public const long MaxElements = int.MaxValue / 8;

    private readonly EquatableArray<int> _sizes;

    /// <summary>Makes a shape of the given sizes.</summary>
    /// <exception cref="ShapeException">A size is negative, or the product exceeds <see cref="MaxElements"/>.</exception>
    public TensorShape(params IEnumerable<int> sizes)
    {
        _sizes = sizes.ToImmutableArray();
        long elements = 1;
        var empty = false;
        foreach (var size in _sizes)
        {
            if (size < 0)
            {
                throw new ShapeException($"a dimension has the size {size}");
            }

            empty |= size == 0;
            elements *= Math.Max(size, 1);
            if (elements > MaxElements)
            {
                throw new ShapeException($"{this} has more than {MaxElements} elements");
            }
        }

        Elements = empty ? 0 : (int)elements;
    }

    /// <summary>The shape of a scalar: no dimensions, one element.</summary>
    public static TensorShape Scalar { get; } = new();

    /// <summary>Number of dimensions.</summary>
    public int Rank => _sizes.Count;

    /// <summary>Number of elements: the product of all sizes, 1 for a scalar.</summary>
    public int Elements { get; }

    /// <summary>The same as <see cref="Rank"/>.</summary>
    public int Count => _sizes.Count;

    /// <summary>The size of dimension <paramref name="axis"/>, 0 ≤ axis &lt; rank.</summary>
    public int this[int axis] => _sizes[axis];

    /// <summary>Turns an axis in [−rank, rank) into [0, rank).</summary>
    /// <exception cref="ShapeException">The axis is outside of that range.</exception>
    public int NormaliseAxis(long axis) => NormaliseAxis(axis, Rank);

    /// <summary>Turns an axis in [−rank, rank) into [0, rank).</summary>
    /// <exception cref="ShapeException">The axis is outside of that range.</exception>
    public static int NormaliseAxis(long axis, int rank) =>
        axis >= -rank && axis < rank
            ? (int)(axis < 0 ? axis + rank : axis)
            : throw new ShapeException($"axis {axis} is outside of [{-rank}, {rank - 1}]");

    /// <summary>Elements of the dimensions from <paramref name="begin"/> up to, not including, <paramref name="end"/>.</summary>
    public int Product(int begin, int end)
    {
        var product = 1;
        for (var axis = begin; axis < end; axis++)
        {
            product *= _sizes[axis];
        }

        return product;
    }

    /// <summary>Row-major strides in elements.</summary>
    public int[] Strides()
    {
        var strides = new int[Rank];
        var stride = 1;
        for (var axis = Rank - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= Math.Max(_sizes[axis], 1);
        }

        return strides;
    }

    /// <summary>This shape with one dimension changed.</summary>
    public TensorShape With(int axis, int size) => new(this.Select((s, i) => i == axis ? size : s));

    /// <summary>The shape that multi-directional broadcasting of the two gives (ONNX broadcasting).</summary>
    /// <exception cref="ShapeException">Two sizes differ and neither is 1.</exception>
    public static TensorShape Broadcast(TensorShape left, TensorShape right)
    {
        var rank = Math.Max(left.Rank, right.Rank);
        var sizes = new int[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            var l = axis - (rank - left.Rank) is >= 0 and var i ? left[i] : 1;
            var r = axis - (rank - right.Rank) is >= 0 and var j ? right[j] : 1;
            sizes[axis] =
                l == r || r == 1 ? l
                : l == 1 ? r
                : throw new ShapeException($"{left} and {right} do not broadcast: sizes {l} and {r} at dimension {axis}");
        }

        return new TensorShape(sizes);
    }

    /// <inheritdoc/>
    public bool Equals(TensorShape? other) => other is not null && _sizes == other._sizes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TensorShape);

    /// <inheritdoc/>
    public override int GetHashCode() => _sizes.GetHashCode();

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => _sizes.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>For example <c>[1,3,224,224]</c>.</summary>
    public override string ToString() => _sizes.ToString();

    /// <summary>Whether both have the same sizes.</summary>
    public static bool operator ==(TensorShape? left, TensorShape? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether the sizes differ.</summary>
    public static bool operator !=(TensorShape? left, TensorShape? right) => !(left == right);
}

/// <summary>The element type and the shape of a tensor.</summary>
/// <param name="Element">Type of each element.</param>
/// <param name="Shape">Sizes of the dimensions.</param>
public sealed record TensorType(ElementType Element, TensorShape Shape)
{
    /// <summary>Bytes that the tensor takes, without padding.</summary>
    public int Bytes => checked(Shape.Elements * Element.SizeInBytes());

    /// <summary>For example <c>Float32[1,10]</c>.</summary>
    public override string ToString() => $"{Element}{Shape}";
}

/// <summary>A rule of shapes or types is broken. The message says which, with what was expected and what was found.</summary>
public sealed class ShapeException(string message) : Exception(message);
