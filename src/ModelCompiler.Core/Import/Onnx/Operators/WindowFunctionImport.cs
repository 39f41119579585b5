using System.Collections.Immutable;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Folding;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>The windows of signal processing: a sum of cosines over a number of samples that is known at compile time.</summary>
internal static class WindowFunctionImport
{
    /// <summary>Σ (−1)ᵏ · coefficientₖ · cos(2πkn / size).</summary>
    public static OnnxImport Of(params double[] coefficients) =>
        (node, graph) =>
        {
            var size = ShapeImport.ToShape(node.ConstantInput(0, "the size").Reshape(new TensorShape(1)))[0];
            graph.Reserve(new TensorType(ElementType.Float64, new TensorShape(size)));
            var samples = new double[size];
            var last = node.Int("periodic", 1) != 0 ? size : Math.Max(size - 1, 1);
            for (var n = 0; n < size; n++)
            {
                for (var k = 0; k < coefficients.Length; k++)
                {
                    samples[n] += (k % 2 == 0 ? 1 : -1) * coefficients[k] * ReproducibleMath.CosineOfTurns((double)k * n / last);
                }
            }

            var constant = graph.Constant(Tensor.From<double>(ElementType.Float64, new TensorShape(size), samples));
            return [new Term(graph, constant).To((ElementType)node.Int("output_datatype", (long)ElementType.Float32)).Value];
        };
}
