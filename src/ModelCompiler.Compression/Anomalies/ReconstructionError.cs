using System.Numerics.Tensors;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Verification;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Anomalies;

/// <summary>
/// How badly a network gives back an item: the mean squared difference between its output and its input. Where the network standardises
/// its input, differences are divided by the same deviations, so that it is the error of what the network sees, and all channels count
/// alike whatever their units.
/// </summary>
public sealed class ReconstructionError
{
    private readonly float[] _deviations;

    private ReconstructionError(float[] deviations) => _deviations = deviations;

    /// <summary>The error of a model's items.</summary>
    /// <param name="source">The model.</param>
    /// <param name="input">Its input for one item.</param>
    /// <param name="output">What it gives for one item.</param>
    /// <exception cref="CompressionException">It gives something else than it takes.</exception>
    public static ReconstructionError For(ModelSource source, IReadOnlyList<ModelPort> input, IReadOnlyList<ModelPort> output)
    {
        if (
            input is not [{ Type.Element: ElementType.Float32 } taken]
            || output is not [{ Type.Element: ElementType.Float32 } given, ..]
            || taken.Type.Shape.Elements != given.Type.Shape.Elements
        )
        {
            throw new CompressionException(
                $"{source.Path}: anomalies are what a network gives back badly, so it must take one input of floats and give as many; this one takes {Ports(input)} and gives {Ports(output)}"
            );
        }

        var model = OnnxModel.Read(source);
        return InputStandardisation.Find(model) is { } constants
            ? new(Spread(source, model.Constant(constants.Deviation)!, taken.Type.Shape))
            : new([.. Enumerable.Repeat(1f, taken.Type.Shape.Elements)]);
    }

    /// <summary>The error of one item, 0 or more; infinite where the network gives what is no number.</summary>
    public double Of(NamedTensor input, NamedTensor output)
    {
        var difference = new float[_deviations.Length];
        TensorPrimitives.Subtract((float[])output.Elements, (float[])input.Elements, difference);
        TensorPrimitives.Divide(difference, _deviations, difference);
        var error = (double)TensorPrimitives.SumOfSquares<float>(difference) / difference.Length;
        return double.IsNaN(error) ? double.PositiveInfinity : error;
    }

    /// <summary>A constant for each element of an input, as Div would spread it.</summary>
    private static float[] Spread(ModelSource source, Tensor constant, TensorShape shape)
    {
        var sizes = constant.Shape;
        var behind = shape.Rank - sizes.Rank;
        if (behind < 0 || !Enumerable.Range(0, sizes.Rank).All(d => sizes[d] == 1 || sizes[d] == shape[behind + d]))
        {
            throw new CompressionException(
                $"{source.Path}: the deviations by which the network standardises are {constant.Type}, which do not fit its input of {shape}"
            );
        }

        var elements = constant.As<float>();
        var spread = new float[shape.Elements];
        for (var i = 0; i < spread.Length; i++)
        {
            var (from, stride, rest) = (0, 1, i);
            for (var d = sizes.Rank - 1; d >= 0; d--)
            {
                from += sizes[d] == 1 ? 0 : rest % shape[behind + d] * stride;
                stride *= sizes[d];
                rest /= shape[behind + d];
            }

            spread[i] = elements[from];
        }

        return spread;
    }

    private static string Ports(IReadOnlyList<ModelPort> ports) => string.Join(", ", ports.Select(p => $"{p.Name} {p.Type}"));
}
