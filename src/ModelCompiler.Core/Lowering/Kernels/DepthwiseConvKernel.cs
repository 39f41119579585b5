using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Lowering.Tiling;

namespace ModelCompiler.Lowering.Kernels;

/// <summary>
/// Depthwise convolution of float32: a vector of channels at a time, for several neighbouring pixels, so that an input that is
/// loaded once serves all the taps that it is under.
/// </summary>
/// <param name="Geometry">Sizes.</param>
/// <param name="Weights">[tap, channel].</param>
/// <param name="Bias">One element a channel; null where there is none.</param>
/// <param name="Activation">Bounds of the outputs.</param>
/// <param name="Plans">Tiles of each variant; a run of columns is one of channels.</param>
internal sealed record DepthwiseConvKernel(
    ConvGeometry Geometry,
    PackedWeights Weights,
    PackedWeights? Bias,
    Clamp Activation,
    EquatableArray<VariantPlan> Plans
) : Kernel
{
    private const int MostBorderTiles = 12;

    public override string Describe()
    {
        var g = Geometry;
        return $"depthwise {g.Vertical.Kernel}×{g.Horizontal.Kernel} convolution, {g.Channels} channels, "
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
            || ConvGeometry.Of(op.Window, op.Group, node.Input(0).Shape, node.Output.Shape) is not { IsDepthwise: true } geometry
        )
        {
            return null;
        }

        VariantPlan[] plans =
        [
            .. TilePlanner.Variants(context.Target).Select(set => BorderTiles.Separate(geometry, TilePlanner.PlanDepthwise(set, geometry))),
        ];
        if (plans.Any(p => p.Tiles.Any(t => t.Pixels.Count > MostBorderTiles)))
        {
            return null;
        }

        var taps = geometry.Vertical.Kernel * geometry.Horizontal.Kernel;
        var bias = node.HasInput(2) ? node.Input(2).Constant!.ToFloats() : null;
        var kernel = new DepthwiseConvKernel(
            geometry,
            context.AddWeights<float>(node, "weights", ElementType.Float32, weights.Shape.Elements, PackTaps),
            bias is null ? null : context.AddWeights<float>(node, "bias", ElementType.Float32, bias),
            op.Activation,
            plans
        );

        // Where there are fewer channels than lanes, the vectors of the last pixel reach behind it.
        return new(kernel, (Value[])[node.Input(0)], ReadsPastEnd: plans.Any(p => p.Tiles.Any(t => t.Columns.Stored < t.Columns.Width)));

        void PackTaps(Span<float> packed)
        {
            var w = weights.As<float>();
            for (var i = 0; i < packed.Length; i++)
            {
                packed[i] = w[(i % geometry.Channels * taps) + (i / geometry.Channels)];
            }
        }
    }
}
