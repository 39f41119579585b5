using ModelCompiler.Graphs.Operators;
using static TorchSharp.torch;

namespace ModelCompiler.Training.Graphs.Operators;

/// <summary>Discrete Fourier transforms, as products with matrices of cosines and sines.</summary>
internal static class FourierTransforms
{
    public static Tensor[] Whole(Fourier op, OperatorInputs inputs)
    {
        // [.., points of the signal] with real and imaginary part apart.
        var x = inputs[0];
        var read = op is { IsInverse: true, IsOneSided: true } ? (op.Length / 2) + 1 : op.Length;
        var (re, im) = Parts(Fitted(x.transpose(op.Axis, -2), read));
        var (realPart, imaginaryPart) = op switch
        {
            { IsInverse: true, IsOneSided: true } => (OfHalf(re, im, op.Length), null),
            { IsOneSided: true } => Transformed(re, im, op.Length, (op.Length / 2) + 1, inverse: false),
            _ => Transformed(re, im, op.Length, op.Length, op.IsInverse),
        };
        var y = imaginaryPart is null ? realPart.unsqueeze(-1) : stack([realPart, imaginaryPart], -1);
        return [y.transpose(op.Axis, -2)];
    }

    public static Tensor[] OfFrames(ShortTimeFourier op, OperatorInputs inputs)
    {
        // [batch, frames, real and imaginary part, points]
        var frames = inputs[0].unfold(1, op.Length, op.Step);
        frames = inputs.Optional(1) is { } window ? frames * window : frames;
        var (re, im) = Parts(frames.transpose(-1, -2));
        var points = op.IsOneSided ? (op.Length / 2) + 1 : op.Length;
        var (realPart, imaginaryPart) = Transformed(re, im, op.Length, points, inverse: false);
        return [stack([realPart, imaginaryPart!], -1)];
    }

    private static (Tensor Re, Tensor? Im) Parts(Tensor x) => (x.select(-1, 0), x.shape[^1] == 2 ? x.select(-1, 1) : null);

    /// <summary>Cut off, or filled up with zeros, along the last dimension but one.</summary>
    private static Tensor Fitted(Tensor x, int points) =>
        x.shape[^2] >= points ? x.narrow(-2, 0, points) : nn.functional.pad(x, [0, 0, 0, points - x.shape[^2]]);

    private static (Tensor Re, Tensor? Im) Transformed(Tensor re, Tensor? im, int length, int points, bool inverse)
    {
        var (cosines, sines) = Matrices(length, length, points, re.dtype);
        sines = inverse ? -sines : sines;
        var (realPart, imaginaryPart) = (matmul(re, cosines), -matmul(re, sines));
        if (im is not null)
        {
            (realPart, imaginaryPart) = (realPart + matmul(im, sines), imaginaryPart + matmul(im, cosines));
        }

        return inverse ? (realPart / length, imaginaryPart / length) : (realPart, imaginaryPart);
    }

    /// <summary>The real signal of the first half of its spectrum; what is not its own mirror image counts twice.</summary>
    private static Tensor OfHalf(Tensor re, Tensor? im, int length)
    {
        var half = (length / 2) + 1;
        var (cosines, sines) = Matrices(length, half, length, re.dtype);
        float[] counts = [.. Enumerable.Range(0, half).Select(k => k == 0 || 2 * k == length ? 1f : 2)];
        var weights = tensor(counts).to_type(re.dtype).unsqueeze(1) / length;
        var y = matmul(re, cosines * weights);
        return im is null ? y : y - matmul(im, sines * weights);
    }

    /// <summary>cos and sin of 2πnk/length, [n, k].</summary>
    private static (Tensor Cosines, Tensor Sines) Matrices(int length, int rows, int columns, ScalarType type)
    {
        // The angle is reduced in integers, so that it is exact to the last bit.
        var turns = remainder(arange(rows, ScalarType.Int64).unsqueeze(1) * arange(columns, ScalarType.Int64), length);
        var angles = turns.to_type(ScalarType.Float64) * (2 * Math.PI / length);
        return (angles.cos().to_type(type), angles.sin().to_type(type));
    }
}
