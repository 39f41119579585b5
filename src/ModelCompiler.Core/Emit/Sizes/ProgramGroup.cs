namespace ModelCompiler.Emit;

/// <summary>What a program does in statements.</summary>
/// <param name="Run">What its Run method does.</param>
/// <param name="RunQuantized">The same for raw integers; empty where the class has no such method.</param>
/// <param name="Parts">What threads do for steps that are divided.</param>
internal sealed record ProgramText(
    IReadOnlyList<Statement> Run,
    IReadOnlyList<Statement> RunQuantized,
    IReadOnlyList<(int Step, Statement[] Statements)> Parts
)
{
    /// <summary>Equal for programs that do the same, but for numbers and for the methods that compute a layer.</summary>
    public string Key =>
        string.Join(
            "\n",
            [
                .. Run.Select(SkeletonOf),
                "",
                .. RunQuantized.Select(SkeletonOf),
                .. Parts.SelectMany(p => p.Statements.Select(SkeletonOf).Prepend($"{p.Step}:")),
            ]
        );

    private static string SkeletonOf(Statement statement) =>
        (statement.Method is null ? "" : "call ") + NumberedText.Of(statement.Text).Skeleton;
}

/// <summary>Programs that do the same but for numbers, written as one.</summary>
/// <param name="programs">Which of the programs.</param>
/// <param name="texts">What each does.</param>
/// <param name="numbers">What stands for numbers that they do not have in common; null where there is one program only.</param>
internal sealed class ProgramGroup(IReadOnlyList<int> programs, IReadOnlyList<ProgramText> texts, SizeNumbers? numbers)
{
    /// <summary>Which of the programs.</summary>
    public IReadOnlyList<int> Programs => programs;

    /// <summary>The steps that are divided between threads.</summary>
    public IEnumerable<int> DividedSteps => texts[0].Parts.Select(p => p.Step);

    /// <summary>Writes what Run does.</summary>
    public void EmitRun(SourceWriter code, bool quantised) => Emit(code, t => quantised ? t.RunQuantized : t.Run);

    /// <summary>Writes what a thread does for a divided step.</summary>
    public void EmitPart(SourceWriter code, int step) => Emit(code, t => t.Parts.First(p => p.Step == step).Statements);

    private void Emit(SourceWriter code, Func<ProgramText, IReadOnlyList<Statement>> statements)
    {
        var all = texts.Select(statements).ToArray();
        if (programs.Count > 1 && numbers!.Size is { } size)
        {
            code.Line(size);
        }

        for (var i = 0; i < all[0].Count; i++)
        {
            EmitStatement(code, [.. all.Select(t => t[i])]);
        }
    }

    /// <summary>One statement, or a choice where programs have different methods for a layer.</summary>
    private void EmitStatement(SourceWriter code, Statement[] ofPrograms)
    {
        var methods = Enumerable.Range(0, ofPrograms.Length).GroupBy(i => ofPrograms[i].Method?.Name ?? "").ToArray();
        if (methods.Length == 1)
        {
            code.Line(Merged(ofPrograms, methods[0]));
            return;
        }

        var choice = new int[ofPrograms.Length];
        for (var m = 0; m < methods.Length; m++)
        {
            foreach (var i in methods[m])
            {
                choice[i] = m;
            }
        }

        using var block = code.Open($"switch ({numbers!.Entry(programs, choice)})");
        for (var m = 0; m < methods.Length; m++)
        {
            code.Line($"case {m}: {Merged(ofPrograms, methods[m])} break;");
        }
    }

    private string Merged(Statement[] ofPrograms, IEnumerable<int> some)
    {
        int[] served = [.. some];
        var first = ofPrograms[served[0]];
        var texts = served.Select(i => NumberedText.Of(ofPrograms[i].Text)).ToArray();
        var text = texts[0].With([.. texts[0].Numbers.Select((_, n) => Differing([.. texts.Select(t => t.Numbers[n])]))]);
        return first.Method is null
            ? text
            : first.CallWith(text, first.Numbers.Select((_, n) => Expression([.. served.Select(i => ofPrograms[i].Numbers[n])])));

        string? Differing(int[] values) => values.All(v => v == values[0]) ? null : $"({Expression(values)})";

        string Expression(int[] values) => numbers!.Expression([.. served.Select(i => programs[i])], values);
    }
}
