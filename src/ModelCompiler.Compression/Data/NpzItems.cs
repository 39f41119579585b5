using ModelCompiler.Graphs;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression.Data;

/// <summary>
/// Items that are rows of arrays: one array an input of the model, named after it (or, for a model of one input, <c>x</c>), and perhaps one
/// more with what the model is to give.
/// </summary>
public sealed class NpzItems : DataItems
{
    private const string OnlyInput = "x";

    private readonly string _path;
    private readonly IReadOnlyList<NamedTensor> _arrays;
    private readonly NamedTensor? _targets;

    /// <summary>Makes items of arrays.</summary>
    /// <param name="path">Where they come from, for messages.</param>
    /// <param name="arrays">The arrays.</param>
    /// <param name="inputs">Names of the model's inputs; null where there is no model yet, and the array <c>x</c>, or the only one of floats, is its input.</param>
    /// <exception cref="CompressionException">There is no array for an input, more than one beside, or their lengths differ.</exception>
    public NpzItems(string path, IReadOnlyList<NamedTensor> arrays, IReadOnlyList<string>? inputs)
    {
        _path = path;
        if (arrays.Count == 0)
        {
            throw new CompressionException($"{path} has no arrays");
        }

        var names = inputs ?? [arrays.FirstOrDefault(a => a.Name == OnlyInput)?.Name ?? arrays[0].Name];
        // A file with just as many arrays as the model has inputs may name them as it likes.
        _arrays =
        [
            .. names.Select(
                (name, i) => Find(name, names.Count, arrays) ?? (arrays.Count == names.Count ? arrays[i] : Missing(name, arrays))
            ),
        ];
        var others = arrays.Except(_arrays).ToList();
        if (others.Count > 1)
        {
            throw new CompressionException(
                $"{path}: one array with the targets was expected beside {Names(_arrays)}; found {Names(arrays)}"
            );
        }

        _targets = others.FirstOrDefault();
        var used = _targets is null ? _arrays : [.. _arrays, _targets];
        Count = used.Select(a => a.Type.Shape.Rank > 0 ? a.Type.Shape[0] : 0).Distinct().ToList() is [> 0 and var count]
            ? count
            : throw new CompressionException(
                $"{path}: the arrays must have one row an item: {string.Join(", ", used.Select(a => $"'{a.Name}' is {a.Type}"))}"
            );
        Shape = ItemShape(_arrays[0]);
        RequireNumbers(used);
        if (_targets is not null)
        {
            Labels = LabelsOf(_targets.Elements, Count);
            TargetType = Labels is null ? new(_targets.Type.Element, ItemShape(_targets)) : null;
        }
    }

    internal static DataForm Form { get; } =
        new(
            "an .npz file with an array an input (or x, for one input) and perhaps one with classes or other targets",
            source => source.Path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) && File.Exists(source.Path),
            source =>
                new(
                    () => new NpzItems(source.Path, NpzFile.Read(source.Path), source.Model?.Inputs().Select(i => i.Name).ToList()),
                    () => null
                )
        );

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override TensorShape Shape { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<long>? Labels { get; }

    /// <inheritdoc/>
    public override TensorType? TargetType { get; }

    /// <inheritdoc/>
    public override Array Target(int item) => TargetType is { } type ? Row(_targets!, item, type) : base.Target(item);

    /// <inheritdoc/>
    public override ItemInputs For(IReadOnlyList<ModelPort> inputs)
    {
        foreach (var (port, array) in inputs.Zip(_arrays))
        {
            if (array.Type.Element != port.Type.Element)
            {
                throw new CompressionException($"{_path}: array '{array.Name}' is {array.Type}, but input '{port.Name}' is {port.Type}");
            }

            ItemShapes.Require($"{_path}: an item of array '{array.Name}'", ItemShape(array), port);
        }

        return (item, _) => [.. inputs.Zip(_arrays, (port, array) => new NamedTensor(port.Name, port.Type, Row(array, item, port.Type)))];
    }

    private static NamedTensor? Find(string name, int inputs, IReadOnlyList<NamedTensor> arrays) =>
        arrays.FirstOrDefault(a => a.Name == name) ?? (inputs == 1 ? arrays.FirstOrDefault(a => a.Name == OnlyInput) : null);

    private NamedTensor Missing(string name, IReadOnlyList<NamedTensor> arrays) =>
        throw new CompressionException($"{_path}: there is no array for input '{name}'; found {Names(arrays)}");

    private static string Names(IEnumerable<NamedTensor> arrays) => string.Join(", ", arrays.Select(a => $"'{a.Name}'"));

    private static TensorShape ItemShape(NamedTensor array) => new(array.Type.Shape.Skip(1));

    private void RequireNumbers(IEnumerable<NamedTensor> arrays)
    {
        foreach (var array in arrays)
        {
            if (array.Elements is float[] floats && Array.FindIndex(floats, f => !float.IsFinite(f)) is >= 0 and var at)
            {
                throw new CompressionException($"{_path}: element {at} of array '{array.Name}' is {floats[at]}, which is no finite number");
            }
        }
    }

    private static Array Row(NamedTensor array, int item, TensorType type)
    {
        var row = Elements.Allocate(type);
        Array.Copy(array.Elements, (long)item * row.Length, row, 0, row.Length);
        return row;
    }
}
