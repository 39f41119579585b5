using System.Collections.Immutable;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Graphs.Operators;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx.ControlFlow;

/// <summary>ONNX If: one branch where the condition is known, else both, of which one runs.</summary>
internal static class IfImport
{
    public static ImmutableArray<OnnxValue?> If(ControlNode node)
    {
        var condition = node.Tensor(0);
        if (condition.Element != ElementType.Bool || condition.Shape.Elements != 1)
        {
            throw new ShapeException($"the condition must be one truth value, found {condition.Type}");
        }

        var (then, otherwise) = (node.Subgraph("then_branch"), node.Subgraph("else_branch"));
        if (condition.Constant is not { } known)
        {
            return Choose(node, condition, then, otherwise);
        }

        // The nodes of the branch that is taken are as good as nodes of this body.
        var taken = node.Run(known.Bytes[0] != 0 ? then : otherwise, "", [], node.Graph);
        return taken is { } outputs ? [.. outputs] : node.Failed;
    }

    /// <summary>What a branch gives, and its nodes.</summary>
    private sealed record Branch(ImmutableArray<OnnxValue> Outputs, Graph Body);

    private static ImmutableArray<OnnxValue?> Choose(ControlNode node, Value condition, GraphProto thenGraph, GraphProto elseGraph)
    {
        var problems = node.Bodies.Problems;
        var (then, thenFailure) = problems.Try(() => Read(node, thenGraph, "then"));
        var (otherwise, elseFailure) = problems.Try(() => Read(node, elseGraph, "else"));
        if (then is null && otherwise is { } onlyElse && thenFailure!.IsOfShapes)
        {
            then = Failing(node, "then", onlyElse, thenFailure);
        }
        else if (otherwise is null && then is { } onlyThen && elseFailure!.IsOfShapes)
        {
            otherwise = Failing(node, "else", onlyThen, elseFailure);
        }

        if (then is null || otherwise is null)
        {
            problems.Accept([.. new[] { thenFailure, elseFailure }.OfType<FailedTrial>()]);
            return node.Failed;
        }

        ControlNode.RequireSizes(Structure.Flatten([.. then.Outputs, .. otherwise.Outputs]));
        CheckAlike(node, then.Outputs, otherwise.Outputs);
        var (bodies, captured) = Bodies.Close(then.Body, otherwise.Body);
        return bodies[0].Outputs.IsEmpty
            ? [.. then.Outputs]
            : [.. Structure.Rebuild(then.Outputs, node.Graph.AddNode(new If(bodies[0], bodies[1]), [condition, .. captured]))];
    }

    private static Branch? Read(ControlNode node, GraphProto branch, string name)
    {
        var fork = node.Graph.Fork();
        return node.Run(branch, name, [], fork) is { } outputs
            ? new Branch(outputs, fork.BuildBody(name, [], Structure.Flatten(outputs)))
            : null;
    }

    /// <summary>
    /// The place of a branch that cannot run on the shapes there are, as that of a model for another sampling rate: it would fail in
    /// any runtime, so it fails when it is chosen, and the other one serves.
    /// </summary>
    private static Branch Failing(ControlNode node, string name, Branch other, FailedTrial failure)
    {
        var message = $"the {name} branch of '{node.Name}' cannot run on the shapes that the network is compiled for: {failure.Message}";
        node.Bodies.Problems.Report(ProblemKinds.FailingBranch, message);
        var fork = node.Graph.Fork();
        fork.CurrentName = $"{node.Name}/{name}";
        var types = Structure.Flatten(other.Outputs).Select(v => v.Type).ToArray();
        var outputs = fork.AddNode(new Fail(message, types));
        return new Branch(Structure.Rebuild(other.Outputs, outputs), fork.BuildBody(name, [], outputs));
    }

    private static void CheckAlike(ControlNode node, ImmutableArray<OnnxValue> then, ImmutableArray<OnnxValue> otherwise)
    {
        if (then.Length != otherwise.Length)
        {
            throw new ShapeException($"the branches give {then.Length} and {otherwise.Length} outputs");
        }

        for (var i = 0; i < then.Length; i++)
        {
            if (!Structure.AreAlike(then[i], otherwise[i]))
            {
                throw node.Unsupported(
                    $"the condition is known at run time only, and output '{node.OutputName(i)}' is {Structure.Describe(then[i])} where it is "
                        + $"true, {Structure.Describe(otherwise[i])} where it is false; supported: branches that give the same shapes and types"
                );
            }
        }
    }
}
