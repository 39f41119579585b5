using System.Numerics.Tensors;
using ModelCompiler.Verification;

namespace ModelCompiler.Compression;

/// <summary>How far outputs have moved.</summary>
public static class OutputError
{
    /// <summary>Root of the sum of squared differences over that of the squared outputs, of all float32 outputs together.</summary>
    /// <param name="expected">What the original gives.</param>
    /// <param name="actual">What the changed model gives.</param>
    public static double Of(IEnumerable<NamedTensor> expected, IEnumerable<NamedTensor> actual)
    {
        var (error, all) = (0.0, 0.0);
        foreach (var (e, a) in expected.Zip(actual))
        {
            if (e.Elements is float[] before && a.Elements is float[] after && before.Length == after.Length)
            {
                var distance = (double)TensorPrimitives.Distance<float>(before, after);
                error += distance * distance;
                all += TensorPrimitives.SumOfSquares<float>(before);
            }
        }

        return error > 0 ? Math.Sqrt(error / Math.Max(all, double.Epsilon)) : error;
    }
}
