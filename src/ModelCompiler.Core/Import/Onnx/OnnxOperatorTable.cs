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
        ["ConvInteger"] = QLinearConvImport.ConvInteger,
        ["ConvTranspose"] = ConvImport.ConvTranspose,
        ["DequantizeLinear"] = QuantizeLinearImport.DequantizeLinear,
        ["DynamicQuantizeLinear"] = QuantizeLinearImport.DynamicQuantizeLinear,
        ["Identity"] = ReshapeImport.Identity,
        ["MatMul"] = MatMulImport.MatMul,
        ["MatMulInteger"] = QLinearMatMulImport.MatMulInteger,
        ["QLinearConv"] = QLinearConvImport.QLinearConv,
        ["QLinearMatMul"] = QLinearMatMulImport.QLinearMatMul,
        ["QuantizeLinear"] = QuantizeLinearImport.QuantizeLinear,
        ["Relu"] = UnaryImport.Relu,
    };

    private static readonly Dictionary<string, OnnxImport> Microsoft = new()
    {
        ["DequantizeLinear"] = QuantizeLinearImport.DequantizeLinear,
        ["FusedMatMul"] = MatMulImport.FusedMatMul,
        ["QGemm"] = QLinearMatMulImport.QGemm,
        ["QuantizeLinear"] = QuantizeLinearImport.QuantizeLinear,
    };

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
