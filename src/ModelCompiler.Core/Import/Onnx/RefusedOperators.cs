namespace ModelCompiler.Import.Onnx;

/// <summary>The operators of ONNX that are not imported, each with the reason.</summary>
internal static class RefusedOperators
{
    // One line an operator, in alphabetical order.
    private static readonly Dictionary<(string Domain, string Operator), Refusal> Refused = new()
    {
        [("", "Bernoulli")] = Refusal.Random,
        [("", "ImageDecoder")] = Refusal.Images,
        [("", "Multinomial")] = Refusal.Random,
        [("", "RandomNormal")] = Refusal.Random,
        [("", "RandomNormalLike")] = Refusal.Random,
        [("", "RandomUniform")] = Refusal.Random,
        [("", "RandomUniformLike")] = Refusal.Random,
        [("", "RegexFullMatch")] = Refusal.Strings,
        [("", "StringConcat")] = Refusal.Strings,
        [("", "StringNormalizer")] = Refusal.Strings,
        [("", "StringSplit")] = Refusal.Strings,
        [(OnnxDomains.MachineLearning, "CastMap")] = Refusal.Maps,
        [(OnnxDomains.MachineLearning, "CategoryMapper")] = Refusal.Strings,
        [(OnnxDomains.MachineLearning, "DictVectorizer")] = Refusal.Maps,
        [(OnnxDomains.Training, "Adagrad")] = Refusal.Training,
        [(OnnxDomains.Training, "Adam")] = Refusal.Training,
        [(OnnxDomains.Training, "Gradient")] = Refusal.Training,
        [(OnnxDomains.Training, "GraphCall")] = Refusal.Training,
        [(OnnxDomains.Training, "Momentum")] = Refusal.Training,
    };

    /// <summary>All operators that are refused, with what is said of each.</summary>
    public static IEnumerable<(string Domain, string Operator, Refusal Refusal)> All =>
        Refused.Select(r => (r.Key.Domain, r.Key.Operator, r.Value));

    /// <summary>Why an operator is refused; null for one that nobody knows.</summary>
    public static Refusal? Find(string domain, string operatorType) =>
        Refused.TryGetValue((domain, operatorType), out var refusal) ? refusal : null;
}
