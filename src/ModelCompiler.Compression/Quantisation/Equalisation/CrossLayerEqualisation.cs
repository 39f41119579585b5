using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;

namespace ModelCompiler.Compression.Quantisation;

/// <summary>
/// Evens out the ranges of channels between layers, so that one scale suits all of them (Nagel et al. 2019, "Data-Free Quantization through
/// Weight Equalization and Bias Correction", section 4.1). Where the operators between layers give s·y for s·x, dividing an output channel
/// of the first and multiplying the inputs of the next that read it changes nothing; with s = √(r₁ / r₂), of the largest magnitudes of its
/// weights on both sides, they become the same. All pairs in turn, until none changes. Biases are divided with their channels, and none
/// becomes larger than the largest of its layer was.
/// </summary>
internal static class CrossLayerEqualisation
{
    // Far less than what an integer of 8 bits tells apart.
    private const double Converged = 1e-3;

    private const int MostRounds = 50;

    /// <summary>Changes the weights of a float model whose normalisations are folded.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Its name for messages.</param>
    /// <param name="compile">Sizes of symbolic dimensions.</param>
    /// <returns>How many pairs of layers there are.</returns>
    /// <exception cref="CompressionException">The compiler cannot read the model.</exception>
    public static int Apply(OnnxModel model, string path, CompileOptions compile)
    {
        var layers = model
            .Graph.Node.Where(n => OperatorRoles.Of(n) == OperatorRole.Product)
            .Select(n => WeightedOperator.From(model, n, out _))
            .OfType<WeightedOperator>()
            .Where(op => op.Weights.Shape.Elements > 0 && OwnsConstants(model, op))
            .ToDictionary(op => op.Node, op => new EqualisedLayer(op));
        var shapes = ValueShapes.Of(model, path, compile);
        var pairs = layers.Values.Select(l => Pair.Behind(l, model, shapes, layers)).OfType<Pair>().ToList();
        for (var round = 0; round < MostRounds && pairs.Count > 0; round++)
        {
            if (pairs.Max(p => p.Equalise()) < Converged)
            {
                break;
            }
        }

        foreach (var layer in layers.Values)
        {
            layer.Write(model);
        }

        pairs.ForEach(p => p.WriteAdded(model));
        return pairs.Count;
    }

    /// <summary>Whether weights and bias are read by this layer only, and say nothing else.</summary>
    private static bool OwnsConstants(OnnxModel model, WeightedOperator op) =>
        op.Node.Input.Skip(1).Where(i => i.Length > 0).All(i => model.Consumers(i).Count() == 1 && !model.IsOutput(i))
        && op.Node.Input.Distinct().Count() == op.Node.Input.Count;

    /// <summary>A layer and those that read what it gives.</summary>
    private sealed class Pair
    {
        private readonly EqualisedLayer _layer;
        private readonly ChannelPath _path;
        private readonly double[] _divisors;

        private Pair(EqualisedLayer layer, ChannelPath path)
        {
            (_layer, _path) = (layer, path);
            _divisors = new double[layer.Outputs];
            Array.Fill(_divisors, 1);
        }

        public static Pair? Behind(
            EqualisedLayer layer,
            OnnxModel model,
            ValueShapes shapes,
            IReadOnlyDictionary<Import.Onnx.Proto.NodeProto, EqualisedLayer> layers
        )
        {
            var value = layer.Node.Output[0];
            var path = new ChannelPath(model, shapes, layers);
            return shapes.Find(value) is { } shape && path.Follow(value, new(layer.IsProduct ? shape.Rank - 1 : 1, 1), layer.Outputs)
                ? new Pair(layer, path)
                : null;
        }

        /// <summary>Evens out the two sides once; returns the largest logarithm of a divisor.</summary>
        public double Equalise()
        {
            var largest = 0.0;
            for (var channel = 0; channel < _divisors.Length; channel++)
            {
                var given = _layer.OutputRange(channel);
                var read = _path.Readers.Max(r => r.Layer.InputRange(channel * r.Spread, r.Spread));
                if (!(given > 0 && read > 0))
                {
                    // A channel without weights on one side has no range to give away.
                    continue;
                }

                var divisor = Math.Max(Math.Sqrt(given / read), _layer.LeastDivisor(channel));
                _layer.DivideOutput(channel, divisor);
                foreach (var (reader, spread) in _path.Readers)
                {
                    reader.MultiplyInputs(channel * spread, spread, divisor);
                }

                _divisors[channel] *= divisor;
                largest = Math.Max(largest, Math.Abs(Math.Log(divisor)));
            }

            return largest;
        }

        /// <summary>Divides what is added behind the layer.</summary>
        public void WriteAdded(OnnxModel model)
        {
            foreach (var added in _path.Added)
            {
                var constant = model.Constant(added.Name)!;
                var elements = constant.ToFloats();
                var inner = constant.Shape.Product(added.Axis + 1, constant.Shape.Rank);
                for (var i = 0; i < elements.Length; i++)
                {
                    elements[i] = (float)(elements[i] / _divisors[i / inner % constant.Shape[added.Axis] / added.Spread]);
                }

                model.SetConstant(added.Name, Tensor.Floats(constant.Shape, elements));
            }
        }
    }
}
