using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx.Ml;

/// <summary>How like a row of features is to each support vector.</summary>
internal static class SvmKernels
{
    /// <summary>The kernel of each row of x [rows, features] and each vector [vectors, features], as [rows, vectors].</summary>
    public static Term Apply(OnnxNode node, Term x, Term vectors)
    {
        var parameters = node.Floats("kernel_params") ?? [];
        var (gamma, offset, degree) = (Parameter(0), Parameter(1), Parameter(2));
        return node.Text("kernel_type", "LINEAR") switch
        {
            "LINEAR" => Products(1),
            "POLY" => Power((Products(gamma) + offset), degree),
            "RBF" => (Distances(x, vectors) * -gamma).Of(UnaryFunction.Exp),
            "SIGMOID" => (Products(gamma) + offset).Of(UnaryFunction.Tanh),
            var other => throw node.Unsupported($"kernel_type '{other}' is not supported; supported: LINEAR, POLY, RBF, SIGMOID"),
        };

        float Parameter(int index) => index < parameters.Length ? parameters[index] : 0;

        Term Products(float factor) => x.Apply(new MatMul(false, true, factor, Clamp.None), vectors.Value);
    }

    private static Term Power(Term x, float degree) => x.With(BinaryFunction.Pow, x.Number(degree));

    /// <summary>Squared distances. Not by |x|² + |v|² − 2xv: features of different sizes would cancel all digits.</summary>
    private static Term Distances(Term x, Term vectors)
    {
        var (features, count) = (x.Shape[1], vectors.Shape[0]);
        var differences = x.Reshape(x.Shape[0], 1, features) - vectors;
        return (differences * differences).Reduce(ReduceFunction.Sum, 2).Reshape(x.Shape[0], count);
    }
}
