using System.Globalization;
using System.Text.RegularExpressions;
using ModelCompiler.Testing;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>An innermost loop of a program for arm64, as instructions.</summary>
/// <param name="Instructions">From its first to the branch back, whose target is the label <see cref="Label"/>.</param>
internal sealed partial record ArmLoop(IReadOnlyList<string> Instructions)
{
    /// <summary>Names the loop's first instruction, and stands for every other address.</summary>
    public const string Label = "loop";

    private const int Iterations = 200;

    /// <summary>Version of the tools.</summary>
    public static string LlvmVersion => Version().Match(Command.Run(".", "llvm-mca", "--version")).Groups[1].Value;

    /// <summary>How many instructions are called so.</summary>
    public int Count(string mnemonic) => Instructions.Count(i => i.Split(' ', '\t')[0] == mnemonic);

    /// <summary>Cycles of one round on a processor, as llvm-mca estimates them with all data in its first cache.</summary>
    public double Cycles(string folder, string processor)
    {
        var file = Path.Combine(folder, "loop.s");
        File.WriteAllText(file, $"{Label}:\n{string.Join('\n', Instructions)}\n");
        var report = Command.Run(
            folder,
            "llvm-mca",
            "-mtriple=aarch64",
            $"-mcpu={processor}",
            "-mattr=+dotprod",
            $"-iterations={Iterations}",
            file
        );
        return double.Parse(TotalCycles().Match(report).Groups[1].Value, CultureInfo.InvariantCulture) / Iterations;
    }

    /// <summary>The loops without another one in them, of what llvm-objdump writes of a method.</summary>
    public static IReadOnlyList<ArmLoop> InnermostOf(string disassembly)
    {
        var lines = Instruction().Matches(disassembly);
        var places = lines.Select((line, i) => (Address: line.Groups[1].Value, Place: i)).ToDictionary(l => l.Address, l => l.Place);
        var loops = new List<(int First, int Last)>();
        for (var i = 0; i < lines.Count; i++)
        {
            if (
                Branch().Match(lines[i].Groups[2].Value) is { Success: true } branch
                && places.TryGetValue(branch.Groups[1].Value, out var first)
                && first <= i
            )
            {
                loops.Add((first, i));
            }
        }

        return
        [
            .. loops
                .Where(l => !loops.Any(o => o != l && o.First >= l.First && o.Last <= l.Last))
                .Select(l => new ArmLoop([.. lines.Take(l.First..(l.Last + 1)).Select(Text)])),
        ];
    }

    private static string Text(Match instruction) => Address().Replace(instruction.Groups[2].Value.Trim(), Label);

    [GeneratedRegex(@"^ *([0-9a-f]+):\s+(.+)$", RegexOptions.Multiline)]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^(?:b|b\.\w+|cbn?z|tbn?z)\s.*0x([0-9a-f]+) <")]
    private static partial Regex Branch();

    [GeneratedRegex("0x[0-9a-f]+ <.*>")]
    private static partial Regex Address();

    [GeneratedRegex(@"LLVM version (\S+)")]
    private static partial Regex Version();

    [GeneratedRegex(@"Total Cycles: +(\d+)")]
    private static partial Regex TotalCycles();
}
