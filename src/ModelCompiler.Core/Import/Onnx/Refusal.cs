using ModelCompiler.Diagnostics;

namespace ModelCompiler.Import.Onnx;

/// <summary>Why something of ONNX has no place in compiled code, however it is used.</summary>
/// <param name="Reason">What it does, behind "it": equal for equal causes, so that they can be counted.</param>
/// <param name="Advice">What the owner of the model can do.</param>
internal sealed record Refusal(string Reason, string Advice)
{
    /// <summary>The same inputs have to give the same outputs.</summary>
    public static readonly Refusal Random = new("is at random", "draw the numbers before the model and make them an input");

    public static readonly Refusal Training = new("is for training", "export the model for inference");

    public static readonly Refusal Strings = new("works on strings", "turn text into numbers before the model");

    public static readonly Refusal Images = new("decodes image files", "decode before the model");

    public static readonly Refusal Maps = new("works on maps", "give the values as a tensor, in the order of the keys");

    /// <summary>The problem of a node whose operator is refused.</summary>
    public ProblemException OfOperator() => Of(ProblemKinds.UnsupportedOperator, $"this operator is not supported: it {Reason}; {Advice}");

    /// <summary>A problem with words of its own, counted under this reason.</summary>
    public ProblemException Of(ProblemKind kind, string message) => new(new Problem(kind, message) { Reason = Reason });
}
