using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Ml;

/// <summary>Models of nodes of ai.onnx.ml.</summary>
internal static class MlModel
{
    public const string Domain = "ai.onnx.ml";

    public static OnnxModelBuilder New(int opset = 3) => new OnnxModelBuilder().Opset(Domain, opset);

    /// <summary>Adds a node whose outputs are outputs of the model.</summary>
    public static void Add(
        OnnxModelBuilder model,
        string op,
        string[] inputs,
        ElementType[] outputs,
        params (string Name, object Value)[] attributes
    )
    {
        foreach (var (name, type) in model.Node(op, Domain, inputs, attributes, outputs.Length).Zip(outputs))
        {
            model.Output(name, type);
        }
    }

    public static float[] Random(int seed, int count, float least = -1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => least + (random.NextSingle() * (1 - least)))];
    }
}
