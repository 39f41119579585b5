using Google.Protobuf;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

/// <summary>Whatever a file holds, importing it ends soon, in little memory, with a graph or with a diagnostic.</summary>
public sealed class DamagedFileTests
{
    [Fact]
    public void Empty_file_is_called_empty() => AssertProblem([], ProblemKinds.NotAModel, "empty");

    [Fact]
    public void Every_truncation_of_a_model_gives_a_diagnostic()
    {
        var builder = SmallModel();
        builder.Proto.OpsetImport.RemoveAt(1); // The last field must be one that a model cannot do without.
        var model = builder.ToBytes();
        for (var length = 0; length < model.Length; length++)
        {
            // A cut between two fields of the model leaves a valid file that lacks something.
            Assert.NotEmpty(Compile(model[..length]).Problems);
        }
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            AssertSaneProblems(Compile(bytes));
        }
    }

    [Fact]
    public void Flipped_bytes_in_a_model_never_throw()
    {
        var random = new Random(11);
        var model = SmallModel().ToBytes();
        for (var i = 0; i < 4000; i++)
        {
            var damaged = (byte[])model.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            AssertSaneProblems(Compile(damaged));
        }
    }

    [Fact]
    public void Flipped_bytes_in_branches_and_loops_never_throw()
    {
        var random = new Random(13);
        var model = ControlFlowModel().ToBytes();
        Assert.True(Compile(model).Succeeded);
        for (var i = 0; i < 2000; i++)
        {
            var damaged = (byte[])model.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            AssertSaneProblems(Compile(damaged));
        }
    }

    [Fact]
    public void Sequences_that_grow_beyond_measure_end_with_a_diagnostic()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 4000);
        var sequence = model.Node("SplitToSequence", [x]);
        for (var i = 0; i < 300; i++)
        {
            sequence = model.Node("SequenceInsert", [sequence, x]);
        }

        model.Output(model.Node("Relu", [x]), ElementType.Float32);
        AssertProblem(model.ToBytes(), ProblemKinds.HostileModel, "sequences");
    }

    [Fact]
    public void Functions_that_call_themselves_in_a_branch_end_with_a_diagnostic()
    {
        var model = SmallModel();
        var function = new FunctionProto { Name = "f", Domain = "local" };
        function.Input.Add("a");
        function.Output.Add("c");
        function.OpsetImport.AddRange(model.Proto.OpsetImport);
        var branch = OnnxModelBuilder.Subgraph("branch");
        branch.Output(branch.Node("f", "local", ["a"], [])[0], ElementType.Float32);
        var node = new OnnxModelBuilder();
        node.Node("If", [node.Node("Cast", ["a"], ("to", 9))], ("then_branch", branch), ("else_branch", branch));
        function.Node.AddRange(node.Proto.Graph.Node);
        function.Node[1].Output[0] = "c";
        model.Proto.Functions.Add(function);
        model.Proto.Graph.Node[0].OpType = "f";
        model.Proto.Graph.Node[0].Domain = "local";
        model.Proto.Graph.Input[0].Type.TensorType.Shape.Dim.Clear();
        AssertProblem(model.ToBytes(), ProblemKinds.HostileModel, "levels deep");
    }

    [Fact]
    public void Length_that_lies_names_the_place_and_both_lengths()
    {
        // Field 7 (graph), length-delimited, claiming 100 bytes of which 2 are there.
        AssertProblem([0x3A, 100, 0, 0], ProblemKinds.NotAModel, "claims 100 bytes, 2 are left");
    }

    [Fact]
    public void Tensor_that_claims_2_to_the_40_elements_is_refused_before_memory_is_taken()
    {
        var model = SmallModel();
        var tensor = new TensorProto
        {
            Name = "huge",
            DataType = (int)ElementType.Float32,
            RawData = ByteString.CopyFrom(1, 2, 3, 4),
        };
        tensor.Dims.AddRange([1L << 20, 1L << 20]);
        model.Proto.Graph.Initializer.Add(tensor);
        AssertProblem(model.ToBytes(), ProblemKinds.NotAModel, "huge");
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 32)]
    public void Input_whose_size_overflows_is_refused(long size)
    {
        var model = SmallModel();
        model.Proto.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = size;
        AssertProblem(model.ToBytes(), ProblemKinds.ShapeMismatch, "input 'x'");
    }

    [Fact]
    public void Cycle_is_reported_at_its_first_node()
    {
        var model = SmallModel();
        model.Proto.Graph.Node[0].Input[0] = model.Proto.Graph.Node[1].Output[0];
        AssertProblem(model.ToBytes(), ProblemKinds.BrokenGraph, "cycle");
    }

    [Fact]
    public void Missing_initialiser_is_named()
    {
        var model = SmallModel();
        model.Proto.Graph.Node[0].Input[0] = "weights_of_old";
        AssertProblem(model.ToBytes(), ProblemKinds.BrokenGraph, "weights_of_old");
    }

    [Fact]
    public void Name_that_is_defined_twice_is_reported()
    {
        var model = SmallModel();
        model.Proto.Graph.Node[1].Output[0] = model.Proto.Graph.Node[0].Output[0];
        AssertProblem(model.ToBytes(), ProblemKinds.BrokenGraph, "defined twice");
    }

    [Fact]
    public void Every_unsupported_operator_is_reported_in_one_go()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        var first = model.Node("Telepathy", [x]);
        var second = model.Node("Clairvoyance", [first]);
        model.Output(model.Node("Telekinesis", [second]), ElementType.Float32);

        var problems = Compile(model.ToBytes()).Problems.Where(p => p.Kind == ProblemKinds.UnsupportedOperator).ToList();

        Assert.Equal(3, problems.Count);
        Assert.All(problems, p => Assert.StartsWith("damaged.onnx: node '", p.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Ten_megabytes_of_empty_messages_are_refused_in_little_memory()
    {
        var graph = new byte[10 << 20];
        for (var i = 0; i + 1 < graph.Length; i += 2)
        {
            graph[i] = 0x0A; // field 1 (node), length-delimited
        }

        var model = new MemoryStream();
        model.WriteByte(0x3A);
        WriteVarint(model, graph.Length);
        model.Write(graph);
        var bytes = model.ToArray();

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertProblem(bytes, ProblemKinds.HostileModel, "messages");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void Deeply_nested_messages_are_refused()
    {
        byte[] attribute = [];
        for (var depth = 0; depth < 500; depth++)
        {
            // attribute → g (graph, field 6) → node (field 1) → attribute (field 5)
            attribute = Field(6, Field(1, Field(5, attribute)));
        }

        AssertProblem(Field(7, Field(1, Field(5, attribute))), ProblemKinds.HostileModel, "nested");
    }

    [Fact]
    public void Functions_that_call_each_other_twice_end_with_a_diagnostic()
    {
        var model = SmallModel();
        for (var i = 0; i < 30; i++)
        {
            var function = new FunctionProto { Name = $"f{i}", Domain = "local" };
            function.Input.Add("a");
            function.Output.Add("c");
            function.OpsetImport.AddRange(model.Proto.OpsetImport);
            var inner = i == 0 ? "Relu" : $"f{i - 1}";
            function.Node.Add(Call(inner, i == 0 ? "" : "local", "a", "b"));
            function.Node.Add(Call(inner, i == 0 ? "" : "local", "b", "c"));
            model.Proto.Functions.Add(function);
        }

        model.Proto.Graph.Node[0].OpType = "f29";
        model.Proto.Graph.Node[0].Domain = "local";
        AssertProblem(model.ToBytes(), ProblemKinds.HostileModel, "nodes");
    }

    [Fact]
    public void Tensors_that_together_exceed_the_address_range_are_refused()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2, 2, 2, 1 << 24);
        var parts = new[] { "Softmax", "LogSoftmax" }
            .SelectMany(op => Enumerable.Range(0, 4).Select(axis => model.Node(op, [x], ("axis", axis))))
            .ToArray();
        model.Output(model.Node("Max", parts), ElementType.Float32);
        AssertProblem(model.ToBytes(), ProblemKinds.HostileModel, "2 GiB");
    }

    [Fact]
    public void Long_chain_compiles_in_time_that_grows_with_its_length()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 2);
        for (var i = 0; i < 5000; i++)
        {
            x = model.Node("Relu", [x]);
        }

        model.Output(x, ElementType.Float32);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.True(Compile(model.ToBytes()).Succeeded);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 30);
    }

    private static NodeProto Call(string op, string domain, string input, string output)
    {
        var node = new NodeProto { OpType = op, Domain = domain };
        node.Input.Add(input);
        node.Output.Add(output);
        return node;
    }

    private static byte[] Field(int number, byte[] content)
    {
        var field = new MemoryStream();
        WriteVarint(field, (number << 3) | 2);
        WriteVarint(field, content.Length);
        field.Write(content);
        return field.ToArray();
    }

    private static void WriteVarint(Stream stream, int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }

    private static OnnxModelBuilder SmallModel()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 1, 4);
        var hidden = model.Node("Relu", [x]);
        return model.Output(model.Node("Relu", [hidden]), ElementType.Float32);
    }

    private static OnnxModelBuilder ControlFlowModel()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 3, 4);
        var sequence = model.Node("SplitToSequence", [x], ("keepdims", 0));
        var then = OnnxModelBuilder.Subgraph("then");
        then.SequenceOutput(then.Node("SequenceErase", [sequence]), ElementType.Float32);
        var otherwise = OnnxModelBuilder.Subgraph("else");
        otherwise.SequenceOutput(otherwise.Node("SequenceErase", [sequence, otherwise.Constant(Tensor.Longs(0))]), ElementType.Float32);
        var chosen = model.Node("If", [model.Input("condition", ElementType.Bool)], ("then_branch", then), ("else_branch", otherwise));
        var body = OnnxModelBuilder.Subgraph("body");
        body.Input("iteration", ElementType.Int64);
        body.Input("goes_on", ElementType.Bool);
        body.Input("carried", ElementType.Float32, 2, 4);
        body.Output("goes_on", ElementType.Bool).Output(body.Node("Mul", ["carried", "carried"]), ElementType.Float32);
        var start = model.Node("ConcatFromSequence", [chosen], ("axis", 0), ("new_axis", 1));
        var looped = model.Node("Loop", "", [model.Constant(Tensor.Longs(3)), null, start], [("body", body)])[0];
        var again = model.Node("Loop", "", [model.Input("trips", ElementType.Int64), null, looped], [("body", body)])[0];
        var step = OnnxModelBuilder.Subgraph("step");
        step.Input("h", ElementType.Float32, 4);
        step.Input("slice", ElementType.Float32, 4);
        step.Output(step.Node("Add", ["h", "slice"]), ElementType.Float32).Output("slice", ElementType.Float32);
        var h = model.Node("SequenceAt", [sequence, model.Constant(Tensor.Longs(1).Reshape(TensorShape.Scalar))]);
        var scanned = model.Node("Scan", "", [h, again], [("body", step), ("num_scan_inputs", 1)], 2);
        return model.Output(scanned[0], ElementType.Float32).Output(scanned[1], ElementType.Float32);
    }

    private static CompiledModel Compile(byte[] bytes) =>
        ModelCompilation.Compile(new ModelSource("damaged.onnx", bytes, _ => null), new CompileOptions());

    private static void AssertProblem(byte[] bytes, ProblemKind kind, string text)
    {
        var compiled = Compile(bytes);
        Assert.False(compiled.Succeeded);
        Assert.Contains(compiled.Problems, p => p.Kind == kind && p.Message.Contains(text, StringComparison.Ordinal));
        AssertSaneProblems(compiled);
    }

    /// <summary>Messages name the file and are no exception text.</summary>
    private static void AssertSaneProblems(CompiledModel compiled)
    {
        Assert.True(compiled.Succeeded || compiled.Problems.Length > 0);
        Assert.All(
            compiled.Problems,
            p =>
            {
                Assert.StartsWith("damaged.onnx: ", p.Message, StringComparison.Ordinal);
                Assert.NotEqual(ProblemKinds.InternalError, p.Kind);
                Assert.DoesNotContain("Exception", p.Message, StringComparison.Ordinal);
            }
        );
    }
}
