namespace ModelCompiler.Benchmarks;

/// <summary>What the process says when it ends.</summary>
internal static class ExitCodes
{
    /// <summary>Measured.</summary>
    public const int Success = 0;

    /// <summary>A model cannot be read or compiled, gives wrong results, or a project with it does not build.</summary>
    public const int Failure = 2;

    /// <summary>The command line is wrong, or a model or folder is not there.</summary>
    public const int Missing = 3;

    /// <summary>Stopped by Ctrl-C.</summary>
    public const int Cancelled = 130;
}
