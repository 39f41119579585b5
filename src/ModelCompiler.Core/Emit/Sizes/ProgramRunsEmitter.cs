using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>Writes what Predict calls: the only program of a class, or the one of several that a number chooses.</summary>
internal sealed class ProgramRunsEmitter
{
    private readonly ProgramSet _programs;
    private readonly SourceWriter _code;
    private readonly bool _explain;
    private readonly bool _hasIntegers;
    private readonly PortNames _names;
    private readonly SizeNumbers? _numbers;
    private readonly ProgramGroup[] _groups;

    public ProgramRunsEmitter(ProgramSet programs, LayerMethods layers, SourceWriter code, bool explain)
    {
        (_programs, _code, _explain) = (programs, code, explain);
        _hasIntegers = programs.Programs.Any(p => p.Edges.Count > 0);
        _names = new PortNames(programs.Inputs, programs.Outputs, programs.Largest.Counts, programs.Sizes);
        _numbers = programs.Sizes is { } sizes ? new SizeNumbers(sizes, _names) : null;
        var texts = programs.Programs.Select((_, i) => TextOf(i, layers)).ToArray();
        _groups =
        [
            .. Enumerable
                .Range(0, texts.Length)
                .GroupBy(i => texts[i].Key, StringComparer.Ordinal)
                .Select(g => new ProgramGroup([.. g], [.. g.Select(i => texts[i])], _numbers)),
        ];
    }

    public void Emit()
    {
        if (_explain)
        {
            _code.Line("internal Action<int> LayerDone;");
            _code.Line();
        }

        EmitRun(quantised: false);
        if (_hasIntegers)
        {
            _code.Line();
            EmitRun(quantised: true);
            _code.Line();
            EmitCopies();
        }

        if (_programs.Threads > 1)
        {
            _code.Line();
            EmitParts();
        }

        _numbers?.Emit(_code);
    }

    private ProgramText TextOf(int program, LayerMethods layers)
    {
        var run = new RunEmitter(_programs.Programs[program], _programs.FirstStep(program), _names, layers, _explain);
        return new([.. run.Run(quantised: false)], _hasIntegers ? [.. run.Run(quantised: true)] : [], [.. run.Parts()]);
    }

    private void EmitRun(bool quantised)
    {
        var method = PredictEmitter.RunMethod(quantised);
        var parameters = _names.RunParameters(quantised);
        var all = _programs.Programs.Count > 1 ? $"int {SizeNumbers.Program}, {parameters}" : parameters;
        using (_code.Open($"partial void {method}({all})"))
        {
            if (_programs.Threads > 1 && _programs.Programs.Count > 1)
            {
                _code.Line($"_program = {SizeNumbers.Program};");
            }

            if (_groups.Length == 1)
            {
                _groups[0].EmitRun(_code, quantised);
                return;
            }

            using var choice = _code.Open($"switch ({GroupOfProgram()})");
            for (var i = 0; i < _groups.Length; i++)
            {
                _code.Line($"case {i}: {method}_{i}({SizeNumbers.Program}, {string.Join(", ", _names.All)}); break;");
            }
        }

        for (var i = 0; i < _groups.Length; i++)
        {
            EmitGroup(method, i, all, quantised);
        }
    }

    private void EmitGroup(string method, int group, string parameters, bool quantised)
    {
        var served = _groups[group].Programs;
        var largest = _programs.Programs[served[served.Count - 1]];
        var ports = largest.Inputs.Concat(largest.Outputs).Select((p, port) => $"{_names.All[port]} {p.Type.Shape}");
        _code.Line();
        _code.Line($"// {(served.Count > 1 ? $"{served.Count} programs up to " : "")}{string.Join(", ", ports)}.");
        using var body = _code.Open($"private void {method}_{group}({parameters})");
        _groups[group].EmitRun(_code, quantised);
    }

    private string GroupOfProgram()
    {
        var groups = new int[_programs.Programs.Count];
        for (var i = 0; i < _groups.Length; i++)
        {
            foreach (var program in _groups[i].Programs)
            {
                groups[program] = i;
            }
        }

        return _numbers!.Entry([.. Enumerable.Range(0, groups.Length)], groups);
    }

    private void EmitParts()
    {
        if (_programs.Programs.Count > 1)
        {
            _code.Line("private int _program;");
            _code.Line();
        }

        using var body = _code.Open("partial void RunPart(int layer, int part)");
        _code.Line("ref byte arena = ref Arena;");
        if (_programs.Programs.Count > 1)
        {
            _code.Line($"int {SizeNumbers.Program} = _program;");
        }

        if (_groups.Length == 1)
        {
            EmitParts(_groups[0]);
            return;
        }

        using var choice = _code.Open($"switch ({GroupOfProgram()})");
        for (var i = 0; i < _groups.Length; i++)
        {
            using var group = _code.Open($"case {i}:");
            EmitParts(_groups[i]);
            _code.Line("break;");
        }
    }

    private void EmitParts(ProgramGroup group)
    {
        using var layer = _code.Open("switch (layer)");
        foreach (var step in group.DividedSteps)
        {
            using var part = _code.Open($"case {step}:");
            group.EmitPart(_code, step);
            _code.Line("break;");
        }
    }

    private void EmitCopies() =>
        _code.Lines(
            """
            private static class Edges
            {
                internal static void Copy(ReadOnlySpan<byte> from, Span<byte> to) => from.CopyTo(to);

                // Between unsigned and signed integers whose zero points differ by 128.
                internal static void CopyFlippingSigns(ReadOnlySpan<byte> from, Span<byte> to)
                {
                    var i = 0;
                    for (; i <= from.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
                    {
                        (Vector128.Create(from.Slice(i)) ^ Vector128.Create((byte)0x80)).CopyTo(to.Slice(i));
                    }

                    for (; i < from.Length; i++)
                    {
                        to[i] = (byte)(from[i] ^ 0x80);
                    }
                }
            }
            """
        );
}
