using Google.Protobuf.Collections;
using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;

namespace ModelCompiler.Import.Onnx;

/// <summary>The functions that a model defines for itself, and the scope that a call of one opens.</summary>
internal sealed class OnnxFunctions(RepeatedField<FunctionProto> functions)
{
    public FunctionProto? Find(NodeProto call) =>
        functions.FirstOrDefault(f =>
            f.Name == call.OpType && OnnxDomains.Normalise(f.Domain) == OnnxDomains.Normalise(call.Domain) && f.Overload == call.Overload
        );

    /// <summary>The scope of a function's body with the call's inputs under the function's own names.</summary>
    /// <exception cref="ShapeException">The call gives too many inputs.</exception>
    /// <exception cref="LimitExceededException">Functions call each other too deeply.</exception>
    public static OnnxScope Enter(FunctionProto function, NodeProto call, string name, IReadOnlyList<OnnxValue?> inputs, OnnxScope caller)
    {
        if (inputs.Count > function.Input.Count)
        {
            throw new ShapeException($"function '{function.Name}' has {function.Input.Count} inputs, the call gives {inputs.Count}");
        }

        var arguments = new Dictionary<string, AttributeProto>(StringComparer.Ordinal);
        foreach (var attribute in function.AttributeProto.Concat(call.Attribute))
        {
            arguments[attribute.Name] = attribute;
        }

        var scope = caller.EnterFunction(function, name, arguments);
        for (var i = 0; i < function.Input.Count; i++)
        {
            if (i < inputs.Count && inputs[i] is { } given)
            {
                scope.TryAdd(function.Input[i], given);
            }
        }

        return scope;
    }
}
