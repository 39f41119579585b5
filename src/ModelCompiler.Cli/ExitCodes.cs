namespace ModelCompiler.Cli;

/// <summary>What the process says when it ends; the same for every command, and documented in <c>docs/modelc.md</c>.</summary>
internal static class ExitCodes
{
    /// <summary>Done; where something was compared, it agrees.</summary>
    public const int Success = 0;

    /// <summary>Compared, and the results differ.</summary>
    public const int Differs = 1;

    /// <summary>The model cannot be read or compiled; diagnostics say why.</summary>
    public const int CannotCompile = 2;

    /// <summary>The command line is wrong, a file cannot be read or written, or modelc itself failed.</summary>
    public const int Failure = 3;

    /// <summary>The network cannot be trained: no gradient can be computed through the nodes that the message names.</summary>
    public const int NotDifferentiable = 4;

    /// <summary>A budget cannot be met; the message says what the least is.</summary>
    public const int OverBudget = 5;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Cancelled = 130;
}
