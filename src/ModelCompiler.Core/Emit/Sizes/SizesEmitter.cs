using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>Writes the private class Sizes: which program and how many items go with the lengths or sizes that Predict is given.</summary>
internal sealed class SizesEmitter(SourceWriter code, ModelDescription model, PortNames names)
{
    private readonly SizeTable _sizes = model.Sizes!;
    private readonly SizeNames _text = new(model, names);

    public void Emit()
    {
        using (code.Open("private static class Sizes"))
        {
            foreach (var (name, port) in _text.Ports.Where(p => !p.Port.HasOneLength))
            {
                code.Line($"// {name.TrimStart('@')}: elements in each of the programs.");
                code.Line(
                    $"internal static ReadOnlySpan<int> {_text.Table(name)} => new int[] {{ {string.Join(", ", port.Shapes.Select(s => s.Elements))} }};"
                );
                code.Line();
            }

            if (_text.Sources is { } sources)
            {
                EmitOfLengths(sources);
            }
            else
            {
                EmitOfSizes();
            }
        }

        code.Line();
    }

    private void EmitOfLengths(IReadOnlyList<SizeSource> sources)
    {
        var parameters = sources.Select(s => s.Input).Distinct().Select(i => "int " + names.Input(i));
        using (code.Open($"internal static (int Program, int Items) Of({string.Join(", ", parameters)})"))
        {
            code.Line("int program = 0;");
            code.Line("int items = 1;");
            foreach (var source in sources)
            {
                EmitSource(source);
            }

            code.Line("return (program, items);");
        }

        if (sources.Any(s => s.Range != _sizes.ItemRange))
        {
            code.Line();
            EmitFind();
        }
    }

    private void EmitSource(SizeSource source)
    {
        var (name, port, range) = (names.Input(source.Input), _sizes.Inputs[source.Input], _sizes.Ranges[source.Range]);
        string wrong;
        if (source.Range == _sizes.ItemRange)
        {
            var length = port.HasOneLength ? $"{port.Shapes[0].Elements}" : $"{_text.Table(name)}[program]";
            code.Line($"items = {name} / {length};");
            wrong = $"items < {range.Smallest} || items > {range.Largest} || {name} != items * {length}";
        }
        else
        {
            var items = port.ItemAxis is null ? "1" : "items";
            code.Line($"program = Find({_text.Table(name)}, program, {_sizes.Stride(source.Range)}, {range.Count}, {items}, {name});");
            wrong = "program < 0";
        }

        using (code.Open($"if ({wrong})"))
        {
            code.Line(
                $"throw new ArgumentException($\"{name.TrimStart('@')} has {{{name}}} elements; shape {Literals.InInterpolation($"{_text.Shape(name)} is needed, {_text.Ranges(name)}")}\", nameof({name}));"
            );
        }

        code.Line();
    }

    private void EmitFind() =>
        code.Lines(
            """
            // The first of some programs, so far from each other, in which that many items have that many elements; -1 where there is none.
            private static int Find(ReadOnlySpan<int> lengths, int program, int stride, int count, int items, int length)
            {
                for (int i = 0; i < count; i++, program += stride)
                {
                    if (lengths[program] * items == length)
                    {
                        return program;
                    }
                }

                return -1;
            }
            """
        );

    private void EmitOfSizes()
    {
        using var method = code.Open(
            $"internal static (int Program, int Items) Of({string.Join(", ", names.Sizes.Select(n => "int " + n))})"
        );
        var program = new List<string>();
        for (var i = 0; i < _sizes.Ranges.Count; i++)
        {
            var (name, range) = (names.Sizes[i], _sizes.Ranges[i]);
            using (code.Open($"if ({name} < {range.Smallest} || {name} > {range.Largest})"))
            {
                code.Line(
                    $"throw new ArgumentOutOfRangeException(nameof({name}), $\"{name.TrimStart('@')} is {{{name}}}; {range.Smallest} to {range.Largest} are possible\");"
                );
            }

            code.Line();
            if (i != _sizes.ItemRange)
            {
                program.Add($"({name} - {range.Smallest}) * {_sizes.Stride(i)}");
            }
        }

        code.Line(
            $"return ({(program.Count > 0 ? string.Join(" + ", program) : "0")}, {(_sizes.ItemRange is { } items ? names.Sizes[items] : "1")});"
        );
    }
}
