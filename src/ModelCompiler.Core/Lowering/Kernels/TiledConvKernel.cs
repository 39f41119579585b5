using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Convolution of float32, or product with a constant matrix, in register tiles of pixels × channels. It reads the input where it
/// lies: rows of taps are contiguous in it, and tiles at the border leave out the taps that padding would be.
/// </summary>
/// <param name="Geometry">Sizes.</param>
/// <param name="Layout">Layout of the weights of one group.</param>
/// <param name="Weights">Groups one behind the other.</param>
/// <param name="Bias">One element a channel; null where there is none.</param>
/// <param name="Activation">Bounds of the outputs.</param>
/// <param name="ColumnsOutside">Whether the loop over columns is outside of the one over rows: where the weights are too large for the cache.</param>
/// <param name="Plans">The tiles of each variant.</param>
internal sealed record TiledConvKernel(
    ConvGeometry Geometry,
    BlockedWeights Layout,
    PackedWeights Weights,
    PackedWeights? Bias,
    Clamp Activation,
    bool ColumnsOutside,
    EquatableArray<VariantPlan> Plans
) : Kernel
{
    private const int CachedWeights = 64 * 1024;
    private const int MostBorderTiles = 12;

    public override string Describe()
    {
        var g = Geometry;
        var taps = g.Vertical.Kernel * g.Horizontal.Kernel == 1 ? "pointwise" : $"{g.Vertical.Kernel}×{g.Horizontal.Kernel} convolution";
        return $"{taps}, {g.Channels} → {g.OutputChannels} channels{(g.Group > 1 ? $" in {g.Group} groups" : "")}, "
            + $"{g.Batch}×{g.Rows}×{g.Columns} → {g.OutputRows}×{g.OutputColumns}{Activation}; tiles of {Plans[0]}";
    }

    public override RowSplit? Split => Geometry.Split;

    public override EquatableArray<InstructionSet> Variants => Plans.Select(p => p.InstructionSet).ToArray();

    public static LoweredNode? Lower(Conv op, Node node, LoweringContext context)
    {
        if (
            op.Layout != DataLayout.ChannelsLast
            || node.Input(1).Constant is not { Element: ElementType.Float32 } weights
            || (node.HasInput(2) && node.Input(2).Constant is null)
            || ConvGeometry.Of(op.Window, op.Group, node.Input(0).Shape, node.Output.Shape) is not { } geometry
        )
        {
            return null;
        }

        // ONNX has [output, channel, tap].
        var taps = geometry.Vertical.Kernel * geometry.Horizontal.Kernel;
        var order = new WeightOrder(geometry.GroupChannels, 1, taps, geometry.GroupChannels * taps);
        return Lower(geometry, node, op.Activation, context, weights, order);
    }

    public static LoweredNode? Lower(MatMul op, Node node, LoweringContext context)
    {
        if (
            op is not { TransposeA: false, TransposeB: false, Alpha: 1 }
            || node.Input(1).Constant is not { Element: ElementType.Float32, Shape.Rank: 2 } weights
            || (node.HasInput(2) && node.Input(2).Constant is null)
            || node.Output.Shape.Elements == 0
            || weights.Shape.Elements == 0
        )
        {
            return null;
        }

        var (summands, columns) = (weights.Shape[0], weights.Shape[1]);
        var geometry = ConvGeometry.OfMatrix(node.Output.Shape.Elements / columns, summands, columns);
        return Lower(geometry, node, op.Activation, context, weights, new WeightOrder(summands, 0, columns, 1));
    }

    private static LoweredNode? Lower(
        ConvGeometry geometry,
        Node node,
        Clamp activation,
        LoweringContext context,
        Tensor weights,
        WeightOrder order
    )
    {
        var summands = geometry.GroupChannels * geometry.Vertical.Kernel * geometry.Horizontal.Kernel;
        var layout = new BlockedWeights(summands, geometry.GroupOutputs);
        VariantPlan[] plans =
        [
            .. TilePlanner
                .Variants(context.Target)
                .Select(set => BorderTiles.Separate(geometry, TilePlanner.Plan(set, layout, geometry.OutputColumns))),
        ];
        if (plans.Any(p => p.Tiles.Any(t => t.Pixels.Count > MostBorderTiles)))
        {
            return null;
        }

        var elements = layout.Elements * geometry.Group;
        var bias = node.HasInput(2) ? node.Input(2).Constant!.ToFloats() : null;
        var kernel = new TiledConvKernel(
            geometry,
            layout,
            context.AddWeights<float>(node, "weights", ElementType.Float32, elements, PackGroups),
            bias is null ? null : context.AddWeights<float>(node, "bias", ElementType.Float32, bias),
            activation,
            elements > CachedWeights && geometry.Group == 1,
            plans
        );
        return new(kernel, (Value[])[node.Input(0)]);

        void PackGroups(Span<float> packed)
        {
            var w = weights.As<float>();
            for (var group = 0; group < geometry.Group; group++)
            {
                // Groups are runs of columns.
                layout.Pack(w.Slice(group * geometry.GroupOutputs * order.Column), order, packed.Slice(group * layout.Elements));
            }
        }
    }
}
