using CsCheck;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Operators;

/// <summary>Operators that move elements, each in every form, many in one model because compiling is what takes time.</summary>
public sealed class MovementTests
{
    public static TheoryData<ElementType> ElementTypes =>
        [ElementType.Float32, ElementType.UInt8, ElementType.Int16, ElementType.Int64, ElementType.Bool];

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Moving_elements_of_any_type_equals_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", type, 2, 3, 4, 5);
        var y = model.Input("y", type, 2, 2, 4, 5);
        foreach (var axis in new[] { 1, -3 })
        {
            model.Output(model.Node("Concat", [x, y, x], ("axis", axis)), type);
        }

        foreach (var permutation in new int[][] { [0, 2, 3, 1], [3, 2, 1, 0], [1, 0, 2, 3], [0, 1, 3, 2], [2, 3, 0, 1] })
        {
            model.Output(model.Node("Transpose", [x], ("perm", permutation)), type);
        }

        model.Output(model.Node("Transpose", [x]), type);
        foreach (var output in model.Node("Split", "", [x, Longs(model, 1, 0, 3, 1)], [("axis", 3)], 4))
        {
            model.Output(output, type);
        }

        foreach (var output in model.Node("Split", "", [x], [], 2))
        {
            model.Output(output, type);
        }

        model.Output(model.Node("Slice", [x, Longs(model, 1, -2), Longs(model, -1, 100), Longs(model, 1, 3)]), type);
        model.Output(
            model.Node("Slice", [x, Longs(model, -1, 100), Longs(model, long.MinValue, 0), Longs(model, 3, 2), Longs(model, -2, -1)]),
            type
        );
        model.Output(model.Node("Gather", [x, Longs(model, 2, 0, -1, 2)], ("axis", 2)), type);
        model.Output(model.Node("Gather", [x, model.Constant(Tensor.Longs(-1).Reshape(TensorShape.Scalar))], ("axis", 1)), type);
        model.Output(model.Node("Expand", [model.Node("Unsqueeze", [x, Longs(model, 1, -1)]), Longs(model, 3, 1, 1, 1, 2)]), type);
        model.Output(model.Node("Reshape", [x, Longs(model, 0, -1, 5, 1)]), type);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int64)]
    public void Tile_and_pads_equal_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(18);
        var x = model.Input("x", type, 2, 3, 4, 5);
        model.Output(model.Node("Tile", [x, Longs(model, 1, 2, 3, 2)]), type);
        foreach (var mode in new[] { "constant", "edge", "reflect" })
        {
            model.Output(model.Node("Pad", [x, Longs(model, 0, 0, 1, 2, 0, 0, 2, 3)], ("mode", mode)), type);
            model.Output(model.Node("Pad", [x, Longs(model, 2, 1, 1, 0), null, Longs(model, 1, -1)], ("mode", mode)), type);
        }

        model.Output(model.Node("Pad", [x, Longs(model, 1, 0, -1, 0, 0, -2, 1, 2), One(model, type)]), type);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(-7, -9, -1)]
    [InlineData(-7, 2, 1)]
    [InlineData(9, -9, -2)]
    [InlineData(9, 9, 1)]
    public void Slices_that_begin_outside_are_clamped_as_onnxruntime_does_it(long start, long end, long step)
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 4);
        var slice = model.Node("Slice", [x, Longs(model, start), Longs(model, end), Longs(model, 0), Longs(model, step)]);
        Differential.Check(model.Output(model.Node("Concat", [x, slice], ("axis", 0)), ElementType.Float32));
    }

    [Fact]
    public void Shapes_are_constants_and_what_is_computed_from_them_too()
    {
        var model = new OnnxModelBuilder(15);
        var x = model.Input("x", ElementType.Float32, 2, 3, 4, 5);
        var shape = model.Node("Shape", [x]);
        var batch = model.Node("Gather", [shape, model.Constant(Tensor.Longs(0).Reshape(TensorShape.Scalar))]);
        var rows = model.Node("Unsqueeze", [batch, Longs(model, 0)]);
        var wanted = model.Node("Concat", [rows, model.Node("Constant", [], ("value_ints", new long[] { -1 }))], ("axis", 0));
        model.Output(model.Node("Reshape", [x, wanted]), ElementType.Float32);
        model.Output(model.Node("Shape", [x], ("start", 1), ("end", -1)), ElementType.Int64);
        model.Output(model.Node("Size", [x]), ElementType.Int64);
        model.Output(model.Node("Flatten", [x], ("axis", -1)), ElementType.Float32);
        model.Output(model.Node("ConstantOfShape", [rows], ("value", Tensor.Longs(7))), ElementType.Int64);
        model.Output(Range(model, 3, 20, 4), ElementType.Int64);
        Differential.Check(model);
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.UInt8)]
    public void Depth_to_space_and_back_equal_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", type, 2, 12, 4, 6);
        model.Output(model.Node("DepthToSpace", [x], ("blocksize", 2)), type);
        model.Output(model.Node("DepthToSpace", [x], ("blocksize", 2), ("mode", "CRD")), type);
        model.Output(model.Node("SpaceToDepth", [x], ("blocksize", 2)), type);
        Differential.Check(model);
    }

    [Fact]
    public void Attributes_of_old_operator_sets_are_understood()
    {
        var model = new OnnxModelBuilder(9);
        var x = model.Input("x", ElementType.Float32, 2, 3, 4, 5);
        model.Output(
            model.Node("Slice", [x], ("starts", (long[])[1, 0]), ("ends", (long[])[3, -1]), ("axes", (long[])[2, 3])),
            ElementType.Float32
        );
        model.Output(
            model.Node("Pad", [x], ("pads", (long[])[0, 0, 1, 1, 0, 0, 0, 2]), ("value", 2.5f), ("mode", "constant")),
            ElementType.Float32
        );
        model.Output(
            model.Node("Squeeze", [model.Node("Unsqueeze", [x], ("axes", (long[])[0, 2]))], ("axes", (long[])[2])),
            ElementType.Float32
        );
        foreach (var output in model.Node("Split", "", [x], [("axis", 2), ("split", (long[])[1, 3])], 2))
        {
            model.Output(output, ElementType.Float32);
        }

        Differential.Check(model);
    }

    [Theory]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.Int64)]
    public void Gather_by_indices_of_run_time_equals_onnxruntime(ElementType indexType)
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 3, 7, 5);
        var indices = model.Input("indices", indexType, 2, 2);
        model.Output(model.Node("Gather", [x, indices], ("axis", 1)), ElementType.Float32);
        model.Output(model.Node("Gather", [model.Constant(Tensor.Longs(5, 6, 7, 8, 9, 10, 11)), indices]), ElementType.Int64);
        Array given = indexType == ElementType.Int32 ? (int[])[-7, 6, 0, -1] : (long[])[-7, 6, 0, -1];
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["indices"] = given });
    }

    [Fact]
    public void Gathering_single_elements_and_by_tuples_equals_onnxruntime()
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 3, 4, 2);
        var elements = model.Input("elements", ElementType.Int64, 2, 4, 2);
        var tuples = model.Input("tuples", ElementType.Int64, 3, 1, 2);
        model.Output(model.Node("GatherElements", [x, elements], ("axis", 0)), ElementType.Float32);
        model.Output(model.Node("GatherND", [x, tuples]), ElementType.Float32);
        model.Output(model.Node("GatherND", [x, tuples], ("batch_dims", 1)), ElementType.Float32);
        Differential.Check(
            model,
            inputs: new Dictionary<string, Array>
            {
                ["elements"] = (long[])[0, 1, 2, -1, -2, -3, 0, 0, 1, 1, 2, 2, 0, 1, 2, -1],
                ["tuples"] = (long[])[1, 1, -3, 0, 2, -1],
            }
        );
    }

    [Theory]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.Float32)]
    public void One_hot_equals_onnxruntime(ElementType type)
    {
        var model = new OnnxModelBuilder(13);
        var indices = model.Input("indices", type, 2, 3);
        var depth = type == ElementType.Int64 ? model.Constant(Tensor.Longs(4).Reshape(TensorShape.Scalar)) : model.Constant([], 4);
        foreach (var axis in new[] { -1, 0, 1 })
        {
            model.Output(model.Node("OneHot", [indices, depth, model.Constant([2], -1, 2.5f)], ("axis", axis)), ElementType.Float32);
        }

        Array given = type == ElementType.Int64 ? (long[])[0, 3, -4, -1, 7, 1] : (float[])[0, 3, -4, -1, 7, 1];
        Differential.Check(model, inputs: new Dictionary<string, Array> { ["indices"] = given });
    }

    /// <summary>Sizes around those of the vectors' tiles, in both orders, with a dimension around them.</summary>
    [Theory]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int16)]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Int64)]
    public void Transposing_planes_of_any_size_equals_onnxruntime(ElementType type) =>
        Gen.Select(Gen.Int[1, 40], Gen.OneOf(Gen.Int[1, 9], Gen.Int[10, 40]), Gen.Int[1, 3])
            .Array[6]
            .Sample(
                sizes =>
                {
                    var model = new OnnxModelBuilder();
                    for (var i = 0; i < sizes.Length; i++)
                    {
                        var (rows, columns, outer) = sizes[i];
                        var x = model.Input($"x{i}", type, outer, rows, columns);
                        model.Output(model.Node("Transpose", [x], ("perm", (long[])[0, 2, 1])), type);
                        model.Output(model.Node("Transpose", [x], ("perm", (long[])[2, 0, 1])), type);
                        model.Output(model.Node("Transpose", [x], ("perm", (long[])[2, 1, 0])), type);
                    }

                    Differential.Check(model, targets: [Target.Auto]);
                },
                iter: 6
            );

    private static string Longs(OnnxModelBuilder model, params long[] elements) => model.Constant(Tensor.Longs(elements));

    private static string One(OnnxModelBuilder model, ElementType type)
    {
        var bytes = new byte[type.SizeInBytes()];
        if (type == ElementType.Float32)
        {
            BitConverter.TryWriteBytes(bytes, 1f);
        }
        else
        {
            bytes[0] = 1;
        }

        return model.Constant(Tensor.FromBytes(new TensorType(type, TensorShape.Scalar), bytes));
    }

    private static string Range(OnnxModelBuilder model, params long[] parameters) =>
        model.Node("Range", [.. parameters.Select(p => model.Constant(Tensor.Longs(p).Reshape(TensorShape.Scalar)))]);
}
