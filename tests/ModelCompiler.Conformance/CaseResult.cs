namespace ModelCompiler.Conformance;

/// <summary>What became of a case.</summary>
public enum CaseStatus
{
    /// <summary>Compiled, ran, and gave the recorded outputs.</summary>
    Passed,

    /// <summary>Gave something else, did not compile though it should, crashed, or took too long.</summary>
    Failed,

    /// <summary>The compiler says in a diagnostic that it does not support something in it.</summary>
    Skipped,
}

/// <summary>A folder with <c>model.onnx</c> and recorded data, with what became of it.</summary>
/// <param name="Name">Path below the folder that was asked for.</param>
/// <param name="Status">What became of it.</param>
/// <param name="Reason">Why it failed or was skipped; empty where it passed.</param>
/// <param name="Groups">For skipped ones: what is not supported, in words that are equal for equal causes.</param>
/// <param name="Milliseconds">Time from reading the file to the comparison.</param>
public sealed record CaseResult(string Name, CaseStatus Status, string Reason, IReadOnlyList<string> Groups, long Milliseconds)
{
    /// <summary>A case that did not come to an end by itself.</summary>
    public static CaseResult Failure(string name, string reason) => new(name, CaseStatus.Failed, reason, [], 0);
}
