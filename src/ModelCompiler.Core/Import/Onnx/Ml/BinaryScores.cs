using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>What classifiers make of one score that decides between two classes, as ONNX Runtime has it.</summary>
internal static class BinaryScores
{
    /// <summary>Scores of both classes [rows, 2] from that of the second [rows, 1].</summary>
    /// <param name="score">The score of the second class.</param>
    /// <param name="transform">What becomes of it; of one score there is no softmax.</param>
    /// <param name="complement">Whether the first class has 1 − score instead of −score.</param>
    public static Term Pair(Term score, PostTransform transform, bool complement) =>
        transform switch
        {
            PostTransform.Logistic => Join(transform.Apply(-score), transform.Apply(score)),
            PostTransform.Probit => Join(transform.Apply(score), score * 0),
            _ => Join(complement ? -score + 1 : -score, score),
        };

    /// <summary>Two columns [rows, 1] side by side.</summary>
    public static Term Join(Term first, Term second) => first.Apply(new Concat(1), second.Value);
}
