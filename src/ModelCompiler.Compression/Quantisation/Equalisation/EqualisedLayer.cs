using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>A layer whose channels are being scaled, in double so that many small steps cost no accuracy.</summary>
/// <param name="op">The layer as it was.</param>
internal sealed class EqualisedLayer(WeightedOperator op)
{
    private readonly bool _isConvolution = op.Node.OpType == "Conv";
    private readonly int _groups = (int)(OnnxMessages.Find(op.Node, "group")?.I ?? 1);
    private readonly double[] _weights = [.. op.Weights.ToFloats().Select(w => (double)w)];
    private readonly double[]? _bias = op.Bias?.Select(b => (double)b).ToArray();
    private readonly double _largestBias = op.Bias?.Select(b => (double)MathF.Abs(b)).DefaultIfEmpty().Max() ?? 0;

    /// <summary>The node.</summary>
    public NodeProto Node => op.Node;

    /// <summary>Output channels.</summary>
    public int Outputs => op.Weights.Shape[op.Axis];

    /// <summary>Length of the input dimension that is summed over, in all groups together.</summary>
    public int Inputs => op.Weights.Shape[1 - op.Axis] * (_isConvolution ? _groups : 1);

    /// <summary>Whether each input of the layer is a place of its own in the dimension that counts them, as it is not in a convolution.</summary>
    public bool IsProduct => !_isConvolution;

    /// <summary>Largest magnitude of the weights that compute an output channel.</summary>
    public double OutputRange(int channel) => Largest(OfOutput(channel));

    /// <summary>Largest magnitude of the weights that read some of the inputs.</summary>
    public double InputRange(int first, int count) => Largest(OfInputs(first, count));

    /// <summary>
    /// The least that an output channel may be divided by: a channel of tiny weights must not get a bias beyond all others of the layer,
    /// because the range of the activations would grow with it.
    /// </summary>
    public double LeastDivisor(int channel) => _bias is null || _largestBias == 0 ? 0 : Math.Abs(_bias[channel]) / _largestBias;

    /// <summary>Divides what an output channel gives.</summary>
    public void DivideOutput(int channel, double divisor)
    {
        foreach (var i in OfOutput(channel))
        {
            _weights[i] /= divisor;
        }

        if (_bias is not null)
        {
            _bias[channel] /= divisor;
        }
    }

    /// <summary>Multiplies some of the inputs.</summary>
    public void MultiplyInputs(int first, int count, double factor)
    {
        foreach (var i in OfInputs(first, count))
        {
            _weights[i] *= factor;
        }
    }

    /// <summary>Writes weights and bias into the model.</summary>
    public void Write(OnnxModel model)
    {
        model.SetConstant(Node.Input[1], Tensor.Floats(op.Weights.Shape, [.. _weights.Select(w => (float)w)]));
        if (_bias is not null)
        {
            model.SetConstant(Node.Input[2], Tensor.Floats(new TensorShape(_bias.Length), [.. _bias.Select(b => (float)b)]));
        }
    }

    private double Largest(IEnumerable<int> places)
    {
        var largest = 0.0;
        foreach (var i in places)
        {
            largest = Math.Max(largest, Math.Abs(_weights[i]));
        }

        return largest;
    }

    private IEnumerable<int> OfOutput(int channel)
    {
        var count = _weights.Length / Outputs;
        return op.Axis == 0
            ? Enumerable.Range(channel * count, count)
            : Enumerable.Range(0, count).Select(input => (input * Outputs) + channel);
    }

    private IEnumerable<int> OfInputs(int first, int count)
    {
        for (var input = first; input < first + count; input++)
        {
            var (inGroup, outputs) = (Inputs / _groups, Outputs / _groups);
            var firstOutput = input / inGroup * outputs;
            var taps = op.Weights.Shape.Product(2, op.Weights.Shape.Rank);
            for (var output = firstOutput; output < firstOutput + outputs; output++)
            {
                if (op.Axis == 1)
                {
                    yield return (input * Outputs) + output;
                    continue;
                }

                for (var tap = 0; tap < taps; tap++)
                {
                    yield return (((output * inGroup) + (input % inGroup)) * taps) + tap;
                }
            }
        }
    }
}
