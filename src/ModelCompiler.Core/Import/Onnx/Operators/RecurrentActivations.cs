using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;

namespace ModelCompiler.Import.Onnx.Operators;

/// <summary>
/// The attributes activations, activation_alpha and activation_beta. The lists of numbers have an entry for each function that
/// has such a parameter, in the order of the functions; one that is left out takes its default.
/// </summary>
internal static class RecurrentActivations
{
    private sealed record Entry(UnaryFunction Function, float? Alpha = null, float? Beta = null);

    private static readonly Dictionary<string, Entry> Functions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Affine"] = new(UnaryFunction.Affine, 1, 0),
        ["Elu"] = new(UnaryFunction.Elu, 1),
        ["HardSigmoid"] = new(UnaryFunction.HardSigmoid, 0.2f, 0.5f),
        ["LeakyRelu"] = new(UnaryFunction.LeakyRelu, 0.01f),
        ["Relu"] = new(UnaryFunction.Relu),
        ["ScaledTanh"] = new(UnaryFunction.ScaledTanh, 1, 1),
        ["Sigmoid"] = new(UnaryFunction.Sigmoid),
        ["Softplus"] = new(UnaryFunction.Softplus),
        ["Softsign"] = new(UnaryFunction.Softsign),
        ["Tanh"] = new(UnaryFunction.Tanh),
        ["ThresholdedRelu"] = new(UnaryFunction.ThresholdedRelu, 1),
    };

    /// <summary>The functions of each direction.</summary>
    public static Unary[][] Read(OnnxNode node, RecurrentCell cell, int directions)
    {
        string[] defaults = cell switch
        {
            RecurrentCell.Rnn => ["Tanh"],
            RecurrentCell.Gru => ["Sigmoid", "Tanh"],
            _ => ["Sigmoid", "Tanh", "Tanh"],
        };
        var names = node.Texts("activations") is { Length: > 0 } given
            ? given
            : [.. Enumerable.Repeat(defaults, directions).SelectMany(names => names)];
        if (names.Length != directions * defaults.Length)
        {
            throw new ShapeException($"{directions * defaults.Length} activations were expected, found [{string.Join(", ", names)}]");
        }

        var alphas = new Queue<float>(node.Floats("activation_alpha") ?? []);
        var betas = new Queue<float>(node.Floats("activation_beta") ?? []);
        Unary[] functions = [.. names.Select(name => FunctionOf(node, name, alphas, betas))];
        return [.. Enumerable.Range(0, directions).Select(d => functions.Skip(d * defaults.Length).Take(defaults.Length).ToArray())];
    }

    private static Unary FunctionOf(OnnxNode node, string name, Queue<float> alphas, Queue<float> betas) =>
        Functions.TryGetValue(name, out var entry)
            ? new Unary(entry.Function, Next(entry.Alpha, alphas), Next(entry.Beta, betas))
            : throw node.Unsupported($"activation '{name}' is not supported; supported: {string.Join(", ", Functions.Keys)}");

    private static float Next(float? otherwise, Queue<float> given) =>
        otherwise is not { } value ? 0
        : given.Count > 0 ? given.Dequeue()
        : value;
}
