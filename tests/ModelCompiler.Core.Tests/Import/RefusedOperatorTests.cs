using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;
using ModelCompiler.Import.Onnx.Proto;
using ModelCompiler.Testing;

namespace ModelCompiler.Core.Tests.Import;

/// <summary>What has no place in compiled code is refused with the reason.</summary>
public sealed class RefusedOperatorTests
{
    public static TheoryData<string, string> Operators
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (domain, op, _) in RefusedOperators.All)
            {
                data.Add(domain, op);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Operators))]
    public void A_refused_operator_is_a_problem_that_says_why(string domain, string op)
    {
        var model = new OnnxModelBuilder(22);
        model.Output(model.Node(op, domain, [model.Input("x", ElementType.Float32, 2)], [])[0], ElementType.Float32);

        var problem = OnlyProblem(model);

        var refusal = RefusedOperators.Find(domain, op)!;
        Assert.Equal(ProblemKinds.UnsupportedOperator, problem.Kind);
        Assert.Equal(refusal.Reason, problem.Reason);
        Assert.EndsWith(
            $": this operator is not supported: it {refusal.Reason}; {refusal.Advice}",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_refused_is_not_imported() =>
        Assert.Empty(
            RefusedOperators.All.Select(r => (r.Domain, r.Operator)).Intersect(OnnxOperatorTable.All.Select(o => (o.Domain, o.Operator)))
        );

    [Fact]
    public void A_cast_to_strings_works_on_strings()
    {
        var model = new OnnxModelBuilder(21);
        var cast = model.Node("Cast", [model.Input("x", ElementType.Float32, 2)], ("to", (long)ElementType.String));

        Assert.Equal("works on strings", OnlyProblem(model.Output(cast, ElementType.String)).Reason);
    }

    [Fact]
    public void A_function_of_the_model_stands_before_a_refusal()
    {
        var model = new OnnxModelBuilder(22);
        model.Output(model.Node("Bernoulli", "", [model.Input("x", ElementType.Float32, 2)], [])[0], ElementType.Float32);
        var function = new FunctionProto { Name = "Bernoulli", Domain = "" };
        function.Input.Add("a");
        function.Output.Add("b");
        function.OpsetImport.AddRange(model.Proto.OpsetImport);
        var relu = new NodeProto { OpType = "Relu" };
        relu.Input.Add("a");
        relu.Output.Add("b");
        function.Node.Add(relu);
        model.Proto.Functions.Add(function);

        Assert.Empty(Errors(model));
    }

    [Fact]
    public void An_operator_that_nobody_knows_has_no_reason()
    {
        var model = new OnnxModelBuilder(22);
        model.Output(model.Node("Embiggen", "", [model.Input("x", ElementType.Float32, 2)], [])[0], ElementType.Float32);

        var problem = OnlyProblem(model);

        Assert.Equal(ProblemKinds.UnsupportedOperator, problem.Kind);
        Assert.Null(problem.Reason);
    }

    [Theory]
    [InlineData(true, 0.5f)]
    [InlineData(true, null)]
    [InlineData(null, 0.5f)]
    public void Dropout_that_may_drop_is_at_random(bool? training, float? ratio)
    {
        var problem = OnlyProblem(Dropout(training, ratio));

        Assert.Equal(ProblemKinds.UnsupportedForm, problem.Kind);
        Assert.Equal(Refusal.Random.Reason, problem.Reason);
    }

    [Theory]
    [InlineData(false, 0.5f)]
    [InlineData(false, null)]
    [InlineData(true, 0f)]
    [InlineData(null, 0f)]
    public void Dropout_that_cannot_drop_compiles(bool? training, float? ratio) => Assert.Empty(Errors(Dropout(training, ratio)));

    [Fact]
    public void Strings_are_refused_as_the_operators_on_them_are()
    {
        var model = new OnnxModelBuilder(22);
        model.Output(model.Node("Identity", "", [model.Input("x", ElementType.String, 2)], [])[0], ElementType.String);

        var problem = OnlyProblem(model);

        Assert.Equal(ProblemKinds.UnsupportedForm, problem.Kind);
        Assert.Equal(Refusal.Strings.Reason, problem.Reason);
    }

    /// <summary>A Dropout whose inputs are constants, or an input of the model where it is null (the ratio: is left out).</summary>
    private static OnnxModelBuilder Dropout(bool? training, float? ratio)
    {
        var model = new OnnxModelBuilder(13);
        var x = model.Input("x", ElementType.Float32, 3, 5);
        var mode = training is { } known
            ? model.Constant(Tensor.From<byte>(ElementType.Bool, new TensorShape(), [known ? (byte)1 : (byte)0]))
            : model.Input("t", ElementType.Bool);
        var inputs = new[] { model.Node("Neg", [x]), ratio is { } r ? model.Constant([], r) : null, mode };
        return model.Output(model.Node("Dropout", "", inputs, [])[0], ElementType.Float32);
    }

    private static Problem OnlyProblem(OnnxModelBuilder model) => Assert.Single(Errors(model));

    private static Problem[] Errors(OnnxModelBuilder model) =>
        [
            .. ModelCompilation
                .Plan(new ModelSource("test.onnx", model.ToBytes(), _ => null), new())
                .Problems.Where(p => p.Kind.Severity == Severity.Error),
        ];
}
