using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using Tensor = ModelCompiler.Graphs.Tensor;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

public sealed class OperatorPropertyTests
{
    private sealed record Axis(int Size, int Kernel, int Stride, int Dilation, int Begin, int End)
    {
        public int Extent => ((Kernel - 1) * Dilation) + 1;
    }

    private static readonly Gen<Axis> AnyAxis = Gen.Select(
        Gen.Int[6, 11],
        Gen.Int[1, 3],
        Gen.Int[1, 3],
        Gen.Int[1, 2],
        Gen.Int[0, 2],
        Gen.Int[0, 2],
        (size, kernel, stride, dilation, begin, end) => new Axis(size, kernel, stride, dilation, begin, end)
    );

    private static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static readonly Gen<Axis[]> AnyWindow = AnyAxis.Array[1, 2];

    [TorchFact]
    public void Convolutions_of_random_windows_equal_onnxruntime() =>
        Gen.Select(AnyWindow, Gen.Int[1, 3], Gen.Int[1, 2], Gen.Bool, Gen.Bool)
            .Sample(
                (window, group, channels, transposed, bias) =>
                {
                    int[] kernel = [.. window.Select(a => a.Kernel)];
                    var weights = transposed ? (int[])[group * channels, 2, .. kernel] : [group * 2, channels, .. kernel];
                    Check(
                        [2, group * channels, .. window.Select(a => a.Size)],
                        (model, x) =>
                            model.Node(
                                transposed ? "ConvTranspose" : "Conv",
                                [
                                    x,
                                    model.Constant(RandomTensors.Floats(1, weights)),
                                    bias ? model.Constant(RandomTensors.Floats(2, group * 2)) : null,
                                ],
                                [("group", group), .. Attributes(window, crops: transposed)]
                            )
                    );
                },
                iter: 40,
                threads: 1
            );

    [TorchFact]
    public void Pools_of_random_windows_equal_onnxruntime() =>
        Gen.Select(AnyWindow, Gen.Bool, Gen.Bool, Gen.Bool)
            .Sample(
                (window, isMax, ceil, counts) =>
                    Check(
                        [2, 3, .. window.Select(a => a.Size)],
                        (model, x) =>
                            model.Node(
                                isMax ? "MaxPool" : "AveragePool",
                                [x],
                                [
                                    .. Attributes(isMax ? window : [.. window.Select(a => a with { Dilation = 1 })], within: true)
                                        .Where(a => isMax || a.Name != "dilations"),
                                    ("ceil_mode", ceil ? 1 : 0),
                                    .. isMax ? ((string, object)[])[] : [("count_include_pad", counts ? 1 : 0)],
                                ]
                            )
                    ),
                iter: 40,
                threads: 1
            );

    [TorchFact]
    public void Resizing_in_every_mode_equals_onnxruntime() =>
        Gen.Select(
                Of("nearest", "linear", "cubic"),
                Of("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"),
                Of("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"),
                Gen.Int[2, 9],
                Gen.Int[2, 9]
            )
            .Sample(
                (mode, coordinates, rounding, height, width) =>
                    Check(
                        [1, 2, 4, 5],
                        (model, x) =>
                            model.Node(
                                "Resize",
                                [x, null, null, model.Constant(Tensor.Longs(1, 2, height, width))],
                                ("mode", mode),
                                ("coordinate_transformation_mode", coordinates),
                                ("nearest_mode", rounding)
                            )
                    ),
                iter: 40,
                threads: 1
            );

    [TorchFact]
    public void Slices_and_pads_of_random_sizes_equal_onnxruntime() =>
        Gen.Select(
                Gen.Int[2, 7].Array[1, 3],
                Gen.Int[-9, 9].Array[3],
                Gen.Int[-9, 9].Array[3],
                Of(-3, -2, -1, 1, 2, 3).Array[3],
                Gen.Int[0, 1].Array[6],
                Of("constant", "edge", "reflect")
            )
            .Sample(
                (shape, starts, ends, steps, pads, mode) =>
                {
                    Tensor Longs(int[] values) => Tensor.Longs([.. values.Take(shape.Length).Select(v => (long)v)]);
                    Check(
                        shape,
                        (model, x) =>
                        {
                            long[] around = [.. pads.Take(2 * shape.Length).Select(p => (long)p)];
                            var padded = model.Node("Pad", [x, model.Constant(Tensor.Longs(around))], ("mode", mode));
                            return model.Node(
                                "Slice",
                                [
                                    padded,
                                    model.Constant(Longs(starts)),
                                    model.Constant(Longs(ends)),
                                    model.Constant(Longs([0, 1, 2])),
                                    model.Constant(Longs(steps)),
                                ]
                            );
                        }
                    );
                },
                iter: 60,
                threads: 1
            );

    [TorchFact]
    public void Recurrent_layers_of_random_forms_equal_onnxruntime() =>
        Gen.Select(
                Of("RNN", "GRU", "LSTM"),
                Of("forward", "reverse", "bidirectional"),
                Gen.Int[1, 4],
                Gen.Int[1, 3],
                Gen.Int[1, 6],
                Gen.Bool,
                Gen.Bool
            )
            .Sample(
                (cell, direction, steps, batch, hidden, biased, flag) =>
                {
                    var (d, gates) = (
                        direction == "bidirectional" ? 2 : 1,
                        cell == "RNN" ? 1
                        : cell == "GRU" ? 3
                        : 4
                    );
                    List<(string, object)> attributes = [("direction", direction), ("hidden_size", hidden)];
                    if (flag && cell != "RNN")
                    {
                        attributes.Add((cell == "GRU" ? "linear_before_reset" : "input_forget", 1));
                    }

                    Check(
                        [steps, batch, 3],
                        (model, x) =>
                            model.Node(
                                cell,
                                "",
                                [
                                    x,
                                    model.Constant(RandomTensors.Floats(1, d, gates * hidden, 3)),
                                    model.Constant(RandomTensors.Floats(2, d, gates * hidden, hidden)),
                                    biased ? model.Constant(RandomTensors.Floats(3, d, 2 * gates * hidden)) : null,
                                ],
                                [.. attributes],
                                2
                            )[0]
                    );
                },
                iter: 40,
                threads: 1
            );

    /// <summary>Attributes of a window; what a transposed convolution crops is less than it has.</summary>
    private static (string Name, object Value)[] Attributes(Axis[] window, bool crops = false, bool within = false)
    {
        int Pad(Axis axis, int pad) =>
            crops ? Math.Min(pad, axis.Extent / 2)
            : within ? Math.Min(pad, axis.Kernel - 1)
            : pad;
        return
        [
            ("kernel_shape", window.Select(a => a.Kernel).ToArray()),
            ("strides", window.Select(a => a.Stride).ToArray()),
            ("dilations", window.Select(a => a.Dilation).ToArray()),
            ("pads", window.Select(a => Pad(a, a.Begin)).Concat(window.Select(a => Pad(a, a.End))).ToArray()),
        ];
    }

    private static void Check(int[] shape, Func<OnnxModelBuilder, string, string> body)
    {
        var model = new OnnxModelBuilder();
        model.Output(body(model, model.Input("x", ElementType.Float32, shape)), ElementType.Float32);
        OperatorComparison.Check(model, "random");
    }
}
