using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering;

/// <summary>Finds the pairs of inputs and outputs that carry a recurrent network's state from one call to the next.</summary>
internal static class StatePorts
{
    /// <summary>
    /// Marks the ports of each pair <c>input:output</c>. Their elements are those of the model, not raw integers: what one call leaves
    /// has to be what the next reads, whichever entry they take.
    /// </summary>
    public static KernelProgram Mark(KernelProgram program, EquatableArray<string> pairs, ICollection<Problem> problems)
    {
        if (pairs.Count == 0)
        {
            return program;
        }

        var (inputs, outputs) = (program.Inputs.ToArray(), program.Outputs.ToArray());
        for (var state = 0; state < pairs.Count; state++)
        {
            if (Find(pairs[state], inputs, outputs) is not var (input, output))
            {
                problems.Add(Problem(pairs[state], $"expected input:output of {Names(inputs)} and {Names(outputs)}"));
                continue;
            }

            var (before, after) = (inputs[input], outputs[output]);
            var fault =
                before.State is not null || after.State is not null ? "one of the two is in another pair"
                : after.Size is not null ? $"the size of {after.Name} is not known before the network runs"
                : before.Type != after.Type ? $"{before.Name} is {before.Type}, {after.Name} is {after.Type}; both have to be the same"
                : null;
            if (fault is not null)
            {
                problems.Add(Problem(pairs[state], fault));
                continue;
            }

            inputs[input] = before with { State = state, Quantization = null };
            outputs[output] = after with { State = state, Quantization = null };
        }

        return program with
        {
            Inputs = inputs,
            Outputs = outputs,
            Edges = program.Edges.Where(e => (e.IsInput ? inputs : outputs)[e.Port].State is null).ToArray(),
        };
    }

    // Names of ports may themselves contain the sign.
    private static (int Input, int Output)? Find(string pair, ModelPort[] inputs, ModelPort[] outputs)
    {
        for (var colon = pair.IndexOf(':'); colon >= 0; colon = pair.IndexOf(':', colon + 1))
        {
            var input = Array.FindIndex(inputs, p => p.Name == pair.Substring(0, colon).Trim());
            var output = Array.FindIndex(outputs, p => p.Name == pair.Substring(colon + 1).Trim());
            if (input >= 0 && output >= 0)
            {
                return (input, output);
            }
        }

        return null;
    }

    private static string Names(ModelPort[] ports) => string.Join(", ", ports.Select(p => p.Name));

    private static Problem Problem(string pair, string fault) => new(ProblemKinds.InvalidOption, $"State=\"{pair}\": {fault}");
}
