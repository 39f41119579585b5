using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx;

/// <summary>What has been found wrong with a file so far.</summary>
internal sealed class ImportProblems(ModelSource source)
{
    private readonly List<Problem> _found = [];

    public IReadOnlyList<Problem> Found => _found;

    public bool HasErrors => _found.Any(IsError);

    public static bool IsError(Problem problem) => problem.Kind.Severity == Severity.Error;

    public void Report(ProblemKind kind, string message) => Report(new Problem(kind, message));

    private void Report(Problem problem) => _found.Add(problem with { Message = $"{source.Path}: {problem.Message}" });

    /// <summary>Runs one step of the import and turns what it throws for a fault of the model into a problem that says where.</summary>
    public void Attempt(string where, Action step)
    {
        try
        {
            step();
        }
        catch (ProblemException e)
        {
            Report(e.Problem with { Message = $"{where}: {e.Problem.Message}" });
        }
        catch (ShapeException e)
        {
            Report(ProblemKinds.ShapeMismatch, $"{where}: {e.Message}");
        }
    }

    /// <summary>
    /// Runs one of several ways to import something. Where it gives null or throws for a fault of the model, nothing of that is
    /// reported yet.
    /// </summary>
    public (T? Result, FailedTrial? Failure) Try<T>(Func<T?> way)
        where T : class
    {
        var before = _found.Count;
        Exception? thrown = null;
        T? result = null;
        try
        {
            result = way();
        }
        catch (Exception e) when (e is ProblemException or ShapeException)
        {
            thrown = e;
        }

        if (result is not null)
        {
            return (result, null);
        }

        var found = _found.Skip(before).ToList();
        _found.RemoveRange(before, found.Count);
        return (null, new FailedTrial(found, thrown, found.FirstOrDefault(IsError)?.MessageWithout(source.Path) ?? thrown?.Message ?? ""));
    }

    /// <summary>Reports what made trials fail after all.</summary>
    /// <exception cref="Exception">A trial ended with that exception.</exception>
    public void Accept(params IReadOnlyList<FailedTrial> failures)
    {
        _found.AddRange(failures.SelectMany(f => f.Found));
        if (failures.Select(f => f.Thrown).FirstOrDefault(t => t is not null) is { } thrown)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(thrown).Throw();
        }
    }
}

/// <summary>Why one of several ways to import something did not succeed.</summary>
/// <param name="Found">What was reported on the way.</param>
/// <param name="Thrown">The fault that ended it; null where all is reported.</param>
/// <param name="Message">The first fault, without the name of the file.</param>
internal sealed record FailedTrial(IReadOnlyList<Problem> Found, Exception? Thrown, string Message)
{
    /// <summary>Whether something is wrong; otherwise the way was only not open.</summary>
    public bool HasFault => Thrown is not null || Errors.Any();

    /// <summary>Whether nothing else is wrong than that shapes or types break a rule.</summary>
    public bool IsOfShapes =>
        (Thrown is ShapeException || (Thrown is null && Errors.Any())) && Errors.All(p => p.Kind == ProblemKinds.ShapeMismatch);

    private IEnumerable<Problem> Errors => Found.Where(ImportProblems.IsError);
}
