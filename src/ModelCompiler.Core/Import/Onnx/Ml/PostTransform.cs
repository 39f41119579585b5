using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>What ai.onnx.ml's attribute post_transform makes of scores; the numbers are those of TreeEnsemble.</summary>
internal enum PostTransform
{
    None = 0,
    Softmax = 1,
    Logistic = 2,
    SoftmaxZero = 3,
    Probit = 4,
}

internal static class PostTransforms
{
    private const double NearZero = 1e-7;

    /// <summary>The transform that a node asks for by name, or, in TreeEnsemble, by number.</summary>
    public static PostTransform Of(OnnxNode node) =>
        node.Text("post_transform", "") switch
        {
            "" => node.Int("post_transform", 0) is >= 0 and <= (long)PostTransform.Probit and var number
                ? (PostTransform)number
                : throw node.Unsupported($"post_transform {node.Int("post_transform", 0)} is not supported; supported: 0 to 4"),
            "NONE" => PostTransform.None,
            "SOFTMAX" => PostTransform.Softmax,
            "LOGISTIC" => PostTransform.Logistic,
            "SOFTMAX_ZERO" => PostTransform.SoftmaxZero,
            "PROBIT" => PostTransform.Probit,
            var other => throw node.Unsupported(
                $"post_transform '{other}' is not supported; supported: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO, PROBIT"
            ),
        };

    /// <summary>Transforms scores [rows, classes].</summary>
    public static Term Apply(this PostTransform transform, Term scores) =>
        transform switch
        {
            PostTransform.Softmax => scores.Apply(new Softmax(1)),
            PostTransform.Logistic => scores.Of(UnaryFunction.Sigmoid),
            PostTransform.SoftmaxZero => SoftmaxZero(scores),
            PostTransform.Probit => Probit(scores),
            _ => scores,
        };

    /// <summary>The softmax of the scores that are not 0; those that are stay 0.</summary>
    private static Term SoftmaxZero(Term scores)
    {
        var greatest = scores.Reduce(ReduceFunction.Max, 1);
        var counts = scores.Of(UnaryFunction.Abs).With(BinaryFunction.Greater, scores.Number(NearZero));
        var powers = counts.Choose((scores - greatest).Of(UnaryFunction.Exp), scores.Number(0));
        var rest = counts.Choose(scores.Number(0), scores * (-greatest).Of(UnaryFunction.Exp));
        return (powers + rest) / powers.Reduce(ReduceFunction.Sum, 1);
    }

    /// <summary>√2 · erf⁻¹(2x − 1), the inverse by Winitzki's approximation with the constants that ONNX Runtime has.</summary>
    private static Term Probit(Term scores)
    {
        const double A = 0.147;
        var x = (scores * 2) - 1;
        var logarithm = ((-x + 1) * (x + 1)).Of(UnaryFunction.Log);
        var half = (logarithm * 0.5) + (2 / (3.14159 * A));
        var inner = ((half * half) - (logarithm / A)).Of(UnaryFunction.Sqrt) - half;
        var sign = x.With(BinaryFunction.Less, x.Number(0)).Choose(x.Number(-1), x.Number(1));
        return sign * inner.Of(UnaryFunction.Sqrt) * Math.Sqrt(2);
    }
}
