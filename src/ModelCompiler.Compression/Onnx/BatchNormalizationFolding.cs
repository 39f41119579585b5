using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <summary>Folds BatchNormalization into the convolution before it: W·s and (b − mean)·s + beta with s = scale / √(var + epsilon).</summary>
internal static class BatchNormalizationFolding
{
    private const float DefaultEpsilon = 1e-5f;

    public static void Apply(OnnxModel model)
    {
        foreach (var normalisation in model.Graph.Node.Where(n => n.OpType == "BatchNormalization").ToList())
        {
            if (
                model.Producer(normalisation.Input[0]) is { OpType: "Conv" } convolution
                && model.OnlyConsumer(convolution.Output[0]) == normalisation
                && Folded.From(model, convolution, normalisation) is { } folded
            )
            {
                var name = convolution.Output[0];
                convolution.Input[1] = model.AddConstant<float>($"{name}/weight", ElementType.Float32, folded.WeightShape, folded.Weight);
                var bias = model.AddConstant<float>($"{name}/bias", ElementType.Float32, [folded.Bias.Length], folded.Bias);
                if (convolution.Input.Count > 2)
                {
                    convolution.Input[2] = bias;
                }
                else
                {
                    convolution.Input.Add(bias);
                }

                convolution.Output[0] = normalisation.Output[0];
                model.SetNodes([.. model.Graph.Node.Where(n => n != normalisation)]);
            }
        }

        model.RemoveUnusedConstants();
    }

    private sealed record Folded(TensorShape WeightShape, float[] Weight, float[] Bias)
    {
        /// <summary>Null where something is not constant, so that there is nothing to fold.</summary>
        public static Folded? From(OnnxModel model, NodeProto convolution, NodeProto normalisation)
        {
            var statistics = normalisation.Input.Skip(1).Take(4).Select(model.Constant).ToList();
            var hasBias = convolution.Input.Count > 2 && convolution.Input[2].Length > 0;
            var bias = hasBias ? model.Constant(convolution.Input[2]) : null;
            if (model.Constant(convolution.Input[1]) is not { Element: ElementType.Float32 } weight || (hasBias && bias is null))
            {
                return null;
            }

            if (statistics is not [{ } scale, { } beta, { } mean, { } variance])
            {
                return null;
            }

            var epsilon = normalisation.Attribute.FirstOrDefault(a => a.Name == "epsilon")?.F ?? DefaultEpsilon;
            var channels = weight.Shape[0];
            var perChannel = weight.Shape.Elements / Math.Max(channels, 1);
            var (foldedWeight, foldedBias) = (weight.ToFloats(), new float[channels]);
            for (var c = 0; c < channels; c++)
            {
                // In double, so that folding costs no accuracy of its own.
                var factor = scale.As<float>()[c] / Math.Sqrt((double)variance.As<float>()[c] + epsilon);
                var offset = (double)(bias is null ? 0 : bias.As<float>()[c]) - mean.As<float>()[c];
                foldedBias[c] = (float)((offset * factor) + beta.As<float>()[c]);
                foreach (ref var w in foldedWeight.AsSpan(c * perChannel, perChannel))
                {
                    w = (float)(w * factor);
                }
            }

            return new Folded(weight.Shape, foldedWeight, foldedBias);
        }
    }
}
