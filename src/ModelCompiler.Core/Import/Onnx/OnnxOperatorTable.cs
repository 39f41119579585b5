using ModelCompiler.Import.Onnx.Operators;

namespace ModelCompiler.Import.Onnx;

/// <summary>Every ONNX operator that is understood, with the function that imports it.</summary>
internal static class OnnxOperatorTable
{
    // One line an operator, in alphabetical order.
    private static readonly Dictionary<string, OnnxImport> Standard = new()
    {
        ["BatchNormalization"] = BatchNormalizationImport.BatchNormalization,
        ["Conv"] = ConvImport.Conv,
        ["ConvTranspose"] = ConvImport.ConvTranspose,
        ["Identity"] = ReshapeImport.Identity,
        ["MatMul"] = MatMulImport.MatMul,
        ["Relu"] = UnaryImport.Relu,
    };

    private static readonly Dictionary<string, OnnxImport> Microsoft = new() { ["FusedMatMul"] = MatMulImport.FusedMatMul };

    public static OnnxImport? Find(string domain, string operatorType) =>
        (
            domain switch
            {
                "" => Standard,
                OnnxDomains.Microsoft => Microsoft,
                _ => null,
            }
        )?.TryGetValue(operatorType, out var import) == true
            ? import
            : null;
}
