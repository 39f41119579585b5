using System.Globalization;
using ModelCompiler.Diagnostics;

namespace ModelCompiler;

/// <summary>Holds a model to the limits that its owner has set.</summary>
internal static class Budgets
{
    public static IEnumerable<Problem> Exceeded(ModelDescription model, CompileOptions options) =>
        new[]
        {
            Check(nameof(options.MaxWeightBytes), options.MaxWeightBytes, model.WeightBytes, "bytes of weights"),
            Check(nameof(options.MaxArenaBytes), options.MaxArenaBytes, model.ArenaBytes, "bytes of working memory"),
            Check(nameof(options.MaxMacs), options.MaxMacs, model.Macs, "multiply-accumulate operations"),
        }.OfType<Problem>();

    private static Problem? Check(string name, long? budget, long needed, string what) =>
        needed > budget
            ? new(
                ProblemKinds.BudgetExceeded,
                string.Format(CultureInfo.InvariantCulture, "the model needs {0:N0} {1}; {2} allows {3:N0}", needed, what, name, budget)
            )
            : null;
}
