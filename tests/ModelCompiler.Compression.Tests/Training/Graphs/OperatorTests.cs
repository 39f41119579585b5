using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Training.Graphs;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace ModelCompiler.Compression.Tests.Training.Graphs;

public sealed class OperatorTests
{
    public static TheoryData<string> Names => [.. OperatorCases.All.Keys];

    public static TheoryData<string> SmoothNames => [.. OperatorCases.Smooth];

    [TorchTheory]
    [MemberData(nameof(Names))]
    public void Outputs_equal_onnxruntime(string name) => OperatorComparison.Check(OperatorCases.All[name](), name);

    [TorchTheory]
    [MemberData(nameof(SmoothNames))]
    public void Gradients_equal_finite_differences(string name)
    {
        using var execution = OperatorComparison.Execution(OperatorCases.All[name]().ToBytes());
        using var scope = NewDisposeScope();
        manual_seed(1);
        var sizes = TorchTypes.Sizes(execution.Graph.Inputs[0].Shape);
        var x = (rand(sizes) + 0.25).requires_grad_();
        var direction = randn(sizes);
        direction /= direction.norm();
        var weights = rand(TorchTypes.Sizes(execution.Graph.Outputs[0].Value.Shape)) + 0.5;

        Loss(x).backward();
        var slope = (x.grad! * direction).sum().to_type(ScalarType.Float64).item<double>();

        const double Step = 1e-2;
        using var noGradient = no_grad();
        var difference = (Loss(x + (direction * Step)) - Loss(x - (direction * Step))).item<double>() / (2 * Step);
        Assert.True(
            Math.Abs(slope - difference) <= 1e-3 + (1e-2 * Math.Abs(difference)),
            $"{name}: gradient {slope}, difference {difference}"
        );

        Tensor Loss(Tensor input)
        {
            var outputs = execution.Run(new Dictionary<string, Tensor> { ["x"] = input }, _ => false).Outputs;
            return (outputs[0].to_type(ScalarType.Float64) * weights).sum();
        }
    }

    [TorchFact]
    public void Every_operator_with_a_differentiable_form_is_compared()
    {
        var compared = OperatorCases
            .All.Values.SelectMany(c => OperatorComparison.Import(c().ToBytes()).Nodes)
            .Select(n => n.Operator.GetType())
            .ToHashSet();

        Assert.Empty(DifferentiableOperators.Types.Where(t => !compared.Contains(t)).Select(t => t.Name));
    }

    [TorchFact]
    public void Gradients_pass_straight_through_rounding_but_not_through_saturation()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 4);
        string[] grid =
        [
            model.Constant([], 0.1f),
            model.Constant(ModelCompiler.Graphs.Tensor.From<byte>(ElementType.UInt8, TensorShape.Scalar, [10])),
        ];
        model.Output(model.Node("DequantizeLinear", [model.Node("QuantizeLinear", [x, .. grid]), .. grid]), ElementType.Float32);
        using var execution = OperatorComparison.Execution(model.ToBytes());
        using var scope = NewDisposeScope();
        var input = tensor(new[] { 0.123f, 24.4f, 25.6f, -1.2f }).requires_grad_();

        var y = execution.Run(new Dictionary<string, Tensor> { ["x"] = input }, _ => false).Outputs[0];
        y.sum().backward();

        Assert.Equal([0.1f, 24.4f, 24.5f, -1f], y.data<float>().ToArray().Select(v => MathF.Round(v, 4)));
        Assert.Equal([1f, 1, 0, 0], input.grad!.data<float>().ToArray().Select(v => MathF.Round(v, 4)));
    }

    [TorchFact]
    public void All_nodes_without_a_gradient_are_named_at_once()
    {
        var model = new OnnxModelBuilder();
        var x = model.Input("x", ElementType.Float32, 3, 3);
        var det = model.Node("Det", [x]);
        var scattered = model.Node(
            "ScatterND",
            [
                x,
                model.Constant(ModelCompiler.Graphs.Tensor.From<long>(ElementType.Int64, new(1, 1), [0])),
                model.Node("Relu", [model.Constant([1, 3], 1, 2, 3)]),
            ],
            ("reduction", "mul")
        );
        model.Proto.OpsetImport[0].Version = 16;
        model.Output(det, ElementType.Float32).Output(scattered, ElementType.Float32);

        var error = Assert.Throws<ModelCompiler.Training.NotDifferentiableException>(() => OperatorComparison.Execution(model.ToBytes()));

        Assert.Contains("(Det)", error.Message, StringComparison.Ordinal);
        Assert.Contains("(ScatterND)", error.Message, StringComparison.Ordinal);
    }
}
