using System.Collections.Immutable;
using ModelCompiler.Graphs;
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

    private static ImmutableArray<OnnxValue?> Choose(ControlNode node, Value condition, GraphProto thenBranch, GraphProto elseBranch)
    {
        var (thenGraph, elseGraph) = (node.Graph.Fork(), node.Graph.Fork());
        var thenOutputs = node.Run(thenBranch, "then", [], thenGraph);
        var elseOutputs = node.Run(elseBranch, "else", [], elseGraph);
        if (thenOutputs is not { } then || elseOutputs is not { } otherwise)
        {
            return node.Failed;
        }

        CheckAlike(node, then, otherwise);
        var (bodies, captured) = Bodies.Close(
            thenGraph.BuildBody("then", [], Structure.Flatten(then)),
            elseGraph.BuildBody("else", [], Structure.Flatten(otherwise))
        );
        return bodies[0].Outputs.IsEmpty
            ? [.. then]
            : [.. Structure.Rebuild(then, node.Graph.AddNode(new Graphs.Operators.If(bodies[0], bodies[1]), [condition, .. captured]))];
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
