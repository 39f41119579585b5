using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

/// <summary>The models whose operators walk over spatial dimensions, only move elements, or transform signals.</summary>
internal static partial class OperatorCases
{
    private static void AddSpatial(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        cases.Add(
            "Conv 1d",
            () => Of([2, 3, 9], (m, x) => m.Node("Conv", [x, W(m, 4, 3, 3), W(m, 4)], ("dilations", new[] { 2 }), ("pads", new[] { 2, 2 })))
        );
        cases.Add(
            "Conv 2d grouped",
            () => Of([2, 4, 7, 8], (m, x) => m.Node("Conv", [x, W(m, 6, 2, 3, 2)], ("group", 2), ("strides", new[] { 2, 1 })))
        );
        cases.Add("Conv 3d", () => Of([1, 2, 4, 5, 4], (m, x) => m.Node("Conv", [x, W(m, 3, 2, 2, 3, 2), W(m, 3)])));
        cases.Add(
            "Conv uneven pads",
            () =>
                Of(
                    [2, 3, 6, 6],
                    (m, x) => m.Node("Conv", [x, W(m, 4, 3, 3, 3), W(m, 4)], ("strides", new[] { 2, 2 }), ("auto_pad", "SAME_UPPER"))
                )
        );
        cases.Add(
            "ConvTranspose 1d",
            () =>
                Of(
                    [2, 3, 5],
                    (m, x) => m.Node("ConvTranspose", [x, W(m, 3, 2, 4), W(m, 2)], ("strides", new[] { 3 }), ("dilations", new[] { 2 }))
                )
        );
        cases.Add(
            "ConvTranspose 2d",
            () =>
                Of(
                    [2, 4, 4, 5],
                    (m, x) =>
                        m.Node(
                            "ConvTranspose",
                            [x, W(m, 4, 3, 3, 3), W(m, 6)],
                            ("group", 2),
                            ("strides", new[] { 2, 2 }),
                            ("pads", new[] { 1, 0, 2, 1 }),
                            ("output_padding", new[] { 1, 1 })
                        )
                )
        );
        cases.Add("ConvTranspose 3d", () => Of([1, 2, 3, 3, 3], (m, x) => m.Node("ConvTranspose", [x, W(m, 2, 2, 2, 2, 2)])));
        cases.Add(
            "MaxPool 1d",
            () => Of([2, 3, 9], (m, x) => m.Node("MaxPool", [x], ("kernel_shape", new[] { 3 }), ("strides", new[] { 2 })))
        );
        cases.Add(
            "MaxPool",
            () =>
                Of(
                    [2, 3, 8, 7],
                    (m, x) =>
                        m.Node(
                            "MaxPool",
                            [x],
                            ("kernel_shape", new[] { 3, 2 }),
                            ("strides", new[] { 2, 2 }),
                            ("pads", new[] { 1, 0, 2, 1 }),
                            ("dilations", new[] { 1, 2 })
                        )
                )
        );
        cases.Add("MaxPool 3d", () => Of([1, 2, 4, 4, 4], (m, x) => m.Node("MaxPool", [x], ("kernel_shape", new[] { 2, 2, 2 }))));
        cases.Add(
            "AveragePool",
            () => Of([2, 3, 8, 7], (m, x) => m.Node("AveragePool", [x], ("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 })))
        );
        cases.Add(
            "AveragePool padded",
            () =>
                Of(
                    [2, 3, 8, 7],
                    (m, x) =>
                        m.Node(
                            "AveragePool",
                            [x],
                            ("kernel_shape", new[] { 3, 2 }),
                            ("strides", new[] { 2, 2 }),
                            ("pads", new[] { 1, 0, 2, 1 })
                        )
                )
        );
        cases.Add(
            "AveragePool counting pads",
            () =>
                Of(
                    [2, 3, 8],
                    (m, x) =>
                        m.Node(
                            "AveragePool",
                            [x],
                            ("kernel_shape", new[] { 3 }),
                            ("strides", new[] { 2 }),
                            ("pads", new[] { 1, 1 }),
                            ("count_include_pad", 1)
                        )
                )
        );
        cases.Add("AveragePool 3d", () => Of([1, 2, 4, 4, 4], (m, x) => m.Node("AveragePool", [x], ("kernel_shape", new[] { 2, 3, 2 }))));
        cases.Add("GlobalAveragePool", () => Of([2, 3, 4, 5], (m, x) => m.Node("GlobalAveragePool", [x])));
        cases.Add("GlobalMaxPool", () => Of([2, 3, 4, 5], (m, x) => m.Node("GlobalMaxPool", [x])));
        foreach (var mode in new[] { "nearest", "linear", "cubic" })
        {
            cases.Add(
                $"Resize {mode}",
                () => Of([1, 2, 4, 5], (m, x) => m.Node("Resize", [x, null, m.Constant([4], 1, 1, 1.5f, 0.75f)], ("mode", mode)))
            );
        }

        cases.Add(
            "Resize crop",
            () =>
                Of(
                    [1, 2, 4, 5],
                    (m, x) =>
                        m.Node(
                            "Resize",
                            [x, m.Constant([8], 0, 0, -0.5f, 0, 1, 1, 1.5f, 1), null, m.Constant(Tensor.Longs(1, 2, 6, 6))],
                            ("mode", "linear"),
                            ("coordinate_transformation_mode", "tf_crop_and_resize"),
                            ("extrapolation_value", 0.3f)
                        )
                )
        );
    }

    private static void AddMovements(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        cases.Add("Concat", () => Of([2, 3], (m, x) => m.Node("Concat", [x, m.Node("Exp", [x]), W(m, 2, 4)], ("axis", 1))));
        cases.Add("Expand", () => Of([2, 1, 3], (m, x) => m.Node("Expand", [x, m.Constant(Tensor.Longs(4, 2, 5, 3))])));
        cases.Add("Tile", () => Of([2, 3], (m, x) => m.Node("Tile", [x, m.Constant(Tensor.Longs(2, 3))])));
        cases.Add("Transpose", () => Of([2, 3, 4], (m, x) => m.Node("Transpose", [x], ("perm", new[] { 2, 0, 1 }))));
        cases.Add("Reshape", () => Of([2, 6], (m, x) => m.Node("Reshape", [x, m.Constant(Tensor.Longs(3, -1))])));
        cases.Add(
            "Split",
            () =>
                Of(
                    [2, 7],
                    (m, x) =>
                        m.Node(
                            "Mul",
                            [.. m.Node("Split", "", [x, m.Constant(Tensor.Longs(3, 1, 3))], [("axis", 1)], 3).Where((_, i) => i != 1)]
                        )
                )
        );
        cases.Add(
            "Slice",
            () =>
                Of(
                    [4, 9],
                    (m, x) =>
                        m.Node(
                            "Slice",
                            [x, m.Constant(Tensor.Longs(3, 1)), m.Constant(Tensor.Longs(0, 8)), null, m.Constant(Tensor.Longs(-2, 3))]
                        )
                )
        );
        foreach (var mode in new[] { "constant", "edge", "reflect" })
        {
            cases.Add(
                $"Pad {mode}",
                () =>
                    Of(
                        [2, 3, 4],
                        (m, x) => m.Node("Pad", [x, m.Constant(Tensor.Longs(0, 1, 2, 1, 0, 3)), m.Constant([], 0.5f)], ("mode", mode))
                    )
            );
        }

        cases.Add("DepthToSpace", () => Of([2, 8, 2, 3], (m, x) => m.Node("DepthToSpace", [x], ("blocksize", 2), ("mode", "CRD"))));
        cases.Add("SpaceToDepth", () => Of([2, 3, 4, 6], (m, x) => m.Node("SpaceToDepth", [x], ("blocksize", 2))));
        cases.Add(
            "Gather",
            () =>
                Of(
                    [3, 4],
                    (m, x) => m.Node("Gather", [x, m.Constant(Tensor.From<long>(ElementType.Int64, new(2, 2), [0, -1, 3, 1]))], ("axis", 1))
                )
        );
        cases.Add(
            "GatherElements",
            () =>
                Of(
                    [3, 4],
                    (m, x) =>
                        m.Node(
                            "GatherElements",
                            [x, m.Constant(Tensor.From<long>(ElementType.Int64, new(2, 4), [0, -1, 2, 1, 1, 1, 0, 0]))],
                            ("axis", 0)
                        )
                )
        );
        cases.Add(
            "GatherND",
            () =>
                Of(
                    [3, 4, 2],
                    (m, x) =>
                        m.Node("GatherND", [x, m.Constant(Tensor.From<long>(ElementType.Int64, new(3, 1), [0, -1, 2]))], ("batch_dims", 1))
                )
        );
        cases.Add(
            "ScatterElements",
            () =>
                Of(
                    [3, 4],
                    (m, x) =>
                        m.Node(
                            "ScatterElements",
                            [x, m.Constant(Tensor.From<long>(ElementType.Int64, new(1, 4), [0, -1, 2, 1])), W(m, 1, 4)]
                        ),
                    opset: 16
                )
        );
        cases.Add(
            "ScatterElements add",
            () =>
                Of(
                    [3, 4],
                    (m, x) =>
                        m.Node(
                            "ScatterElements",
                            [x, m.Constant(Tensor.From<long>(ElementType.Int64, new(2, 4), [0, -1, 2, 1, 0, 0, 0, 1])), W(m, 2, 4)],
                            ("reduction", "add")
                        ),
                    opset: 16
                )
        );
        cases.Add(
            "ScatterND",
            () =>
                Of(
                    [3, 4],
                    (m, x) => m.Node("ScatterND", [x, m.Constant(Tensor.From<long>(ElementType.Int64, new(2, 1), [2, 0])), W(m, 2, 4)]),
                    opset: 16
                )
        );
        cases.Add(
            "OneHot",
            () =>
                Of(
                    [2, 3],
                    (m, x) => m.Node("OneHot", [m.Node("ArgMax", [x], ("axis", 1)), m.Constant(Tensor.Longs(3)), m.Constant([2], 0.25f, 2)])
                )
        );
        cases.Add("Einsum", () => Of([2, 3, 4], (m, x) => m.Node("Einsum", [x, W(m, 4, 5)], ("equation", "bij,jk->bki"))));
    }

    private static void AddTransforms(Dictionary<string, Func<OnnxModelBuilder>> cases)
    {
        cases.Add("DFT", () => Of([2, 7, 1], (m, x) => m.Node("DFT", [x], ("axis", 1)), opset: 17));
        cases.Add(
            "DFT one-sided",
            () => Of([2, 7, 1], (m, x) => m.Node("DFT", [x, m.Constant(Scalar(10))], ("axis", 1), ("onesided", 1)), opset: 17)
        );
        cases.Add(
            "DFT inverse",
            () => Of([5, 3, 2], (m, x) => m.Node("DFT", [x, m.Constant(Scalar(4))], ("axis", 0), ("inverse", 1)), opset: 17)
        );
        cases.Add(
            "DFT of half a spectrum",
            () => Of([2, 5, 2], (m, x) => m.Node("DFT", [x, null, m.Constant(Scalar(1))], ("inverse", 1), ("onesided", 1)), opset: 20)
        );
        cases.Add(
            "STFT",
            () => Of([2, 20, 1], (m, x) => m.Node("STFT", [x, m.Constant(Scalar(3)), W(m, 8), m.Constant(Scalar(8))]), opset: 17)
        );
        cases.Add(
            "STFT two-sided",
            () =>
                Of(
                    [1, 16, 1],
                    (m, x) => m.Node("STFT", [x, m.Constant(Scalar(4)), null, m.Constant(Scalar(6))], ("onesided", 0)),
                    opset: 17
                )
        );
    }

    private static Tensor Scalar(long value) => Tensor.From<long>(ElementType.Int64, TensorShape.Scalar, [value]);
}
