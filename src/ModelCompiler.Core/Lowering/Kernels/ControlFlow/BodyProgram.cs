using ModelCompiler.Graphs;

namespace ModelCompiler.Lowering.Kernels.ControlFlow;

/// <summary>
/// A decided body of a branch or loop: its steps, and an arena of its own that lies in the scratch memory of the node. Inputs and
/// outputs of the body stand in the places of the model's.
/// </summary>
/// <param name="Steps">What is computed, in order.</param>
/// <param name="ArenaBytes">Bytes of its arena.</param>
internal sealed record BodyProgram(EquatableArray<Step> Steps, int ArenaBytes)
{
    /// <summary>Whether a step has an operand in the arena.</summary>
    public bool UsesArena => Steps.Any(s => s.Operands.Any(o => o.Place == Place.Arena));
}

/// <summary>A kernel that runs bodies.</summary>
internal interface IBodyKernel
{
    /// <summary>The bodies.</summary>
    IEnumerable<BodyProgram> Bodies { get; }
}
