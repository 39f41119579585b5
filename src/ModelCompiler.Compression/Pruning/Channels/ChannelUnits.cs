using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Pruning.Channels;

/// <summary>One place along one dimension of a tensor: a channel, a row, a pixel column.</summary>
/// <param name="Tensor">Name of the value or constant.</param>
/// <param name="Axis">The dimension.</param>
/// <param name="Index">The place.</param>
internal readonly record struct Slice(string Tensor, int Axis, int Index);

/// <summary>
/// Which slices of a network's tensors can only be removed together: disjoint sets, one of which holds everything that has to stay.
/// </summary>
internal sealed class ChannelUnits
{
    private const int Fixed = 0;

    private readonly Dictionary<string, (TensorShape Shape, int First)> _tensors = new(StringComparer.Ordinal);
    private readonly List<string> _names = [];
    private readonly List<int> _parents = [Fixed];

    /// <summary>Adds a tensor, unless it is there already.</summary>
    public void Add(string tensor, TensorShape shape)
    {
        if (_tensors.TryAdd(tensor, (shape, _parents.Count)))
        {
            _names.Add(tensor);
            for (var slices = shape.Sum(); slices > 0; slices--)
            {
                _parents.Add(_parents.Count);
            }
        }
    }

    /// <summary>Whether a tensor is there.</summary>
    public bool Has(string tensor) => _tensors.ContainsKey(tensor);

    /// <summary>Says that two slices go together.</summary>
    public void Join(Slice first, Slice second) => Join(UnitOf(first), UnitOf(second));

    /// <summary>Says that a slice has to stay.</summary>
    public void Fix(Slice slice) => Join(Fixed, UnitOf(slice));

    /// <summary>Whether a slice has to stay.</summary>
    public bool IsFixed(Slice slice) => Root(UnitOf(slice)) == Root(Fixed);

    /// <summary>A number that slices share which go together.</summary>
    public int SetOf(Slice slice) => Root(UnitOf(slice));

    /// <summary>All slices, set by set, without those that have to stay; in the order of the tensors.</summary>
    public IReadOnlyList<IReadOnlyList<Slice>> Removable()
    {
        var sets = new Dictionary<int, List<Slice>>();
        var order = new List<List<Slice>>();
        var frozen = Root(Fixed);
        foreach (var name in _names)
        {
            var (shape, unit) = _tensors[name];
            for (var axis = 0; axis < shape.Rank; axis++)
            {
                for (var index = 0; index < shape[axis]; index++, unit++)
                {
                    var root = Root(unit);
                    if (root == frozen)
                    {
                        continue;
                    }

                    if (!sets.TryGetValue(root, out var set))
                    {
                        sets.Add(root, set = []);
                        order.Add(set);
                    }

                    set.Add(new Slice(name, axis, index));
                }
            }
        }

        return order;
    }

    private int UnitOf(Slice slice)
    {
        var (shape, first) = _tensors[slice.Tensor];
        for (var axis = 0; axis < slice.Axis; axis++)
        {
            first += shape[axis];
        }

        return first + slice.Index;
    }

    private int Root(int unit)
    {
        while (_parents[unit] != unit)
        {
            unit = _parents[unit] = _parents[_parents[unit]];
        }

        return unit;
    }

    private void Join(int first, int second)
    {
        var (a, b) = (Root(first), Root(second));
        // The older one stays, so that the order of the joins does not show.
        _parents[Math.Max(a, b)] = Math.Min(a, b);
    }
}
