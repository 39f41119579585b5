using ModelCompiler.Sizes;

namespace ModelCompiler.Emit;

/// <summary>Writes what Predict calls: the only program of a class, or the one of several that a number chooses.</summary>
internal sealed class ProgramRunsEmitter
{
    private readonly ProgramSet _programs;
    private readonly SourceWriter _code;
    private readonly bool _explain;
    private readonly PortNames _names;
    private readonly RunEmitter[] _runs;

    public ProgramRunsEmitter(ProgramSet programs, LayerMethods layers, SourceWriter code, bool explain)
    {
        (_programs, _code, _explain) = (programs, code, explain);
        _names = new PortNames(programs.Inputs, programs.Outputs, programs.Largest.Counts, programs.Sizes);
        _runs = [.. programs.Programs.Select((p, i) => new RunEmitter(p, programs.FirstStep(i), _names, layers, code, explain))];
    }

    public void Emit()
    {
        if (_explain)
        {
            _code.Line("internal Action<int> LayerDone;");
            _code.Line();
        }

        EmitRun(quantised: false);
        if (_programs.Programs.Any(p => p.Edges.Count > 0))
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
    }

    private void EmitRun(bool quantised)
    {
        var method = PredictEmitter.RunMethod(quantised);
        var parameters = _names.RunParameters(quantised);
        if (_runs.Length == 1)
        {
            using (_code.Open($"partial void {method}({parameters})"))
            {
                _runs[0].EmitRun(quantised);
            }

            return;
        }

        using (_code.Open($"partial void {method}(int program, {parameters})"))
        {
            using (_code.Open("switch (program)"))
            {
                for (var i = 0; i < _runs.Length; i++)
                {
                    _code.Line($"case {i}: {method}_{i}({string.Join(", ", _names.All)}); break;");
                }
            }
        }

        for (var i = 0; i < _runs.Length; i++)
        {
            var ports = _programs.Programs[i].Inputs.Concat(_programs.Programs[i].Outputs);
            _code.Line();
            _code.Line($"// {string.Join(", ", ports.Select((p, port) => $"{_names.All[port]} {p.Type.Shape}"))}.");
            using (_code.Open($"private void {method}_{i}({parameters})"))
            {
                _runs[i].EmitRun(quantised);
            }
        }
    }

    private void EmitParts()
    {
        using var body = _code.Open("partial void RunPart(int layer, int part)");
        _code.Line("ref byte arena = ref Arena;");
        using var layer = _code.Open("switch (layer)");
        foreach (var run in _runs)
        {
            run.EmitParts();
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
