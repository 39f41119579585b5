using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Compression.Onnx;

/// <content>From opset 13 to 21, where few operators changed.</content>
internal sealed partial class OpsetUpgrade
{
    private const long Later = 21;

    private bool TryLiftFurther(NodeProto node)
    {
        switch (node.OpType)
        {
            case var _ when node.Attribute.Any(a => a.G is not null || a.Graphs.Count > 0):
                // Graphs within nodes would have to be lifted too.
                return false;
            case "Upsample" or "Scatter" or "GroupNormalization":
            case "DFT" when _model.Opset < 20:
                return false;
            case "BatchNormalization":
                return node.Output.Count == 1;
            case "ReduceL1" or "ReduceL2" or "ReduceLogSum" or "ReduceLogSumExp" or "ReduceMax" or "ReduceMean":
            case "ReduceMin" or "ReduceProd" or "ReduceSumSquare":
                MoveInts(node, "axes", 1);
                return true;
            case "Split" when _model.Opset < 18 && node.Input.Count < 2:
                node.Attribute.Add(OnnxMessages.Attribute("num_outputs", (long)node.Output.Count));
                return true;
            case "RoiAlign" when _model.Opset < 16:
                node.Attribute.Add(OnnxMessages.Attribute("coordinate_transformation_mode", "output_half_pixel"));
                return true;
            case "GridSample" when _model.Opset < 20:
                return RenameMode(node);
            default:
                return true;
        }
    }

    private static bool RenameMode(NodeProto node)
    {
        var mode = Take(node, "mode")?.S.ToStringUtf8();
        node.Attribute.Add(
            OnnxMessages.Attribute(
                "mode",
                mode switch
                {
                    null or "bilinear" => "linear",
                    "bicubic" => "cubic",
                    _ => mode,
                }
            )
        );
        return true;
    }
}
