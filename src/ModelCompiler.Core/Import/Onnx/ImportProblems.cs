using ModelCompiler.Diagnostics;
using ModelCompiler.Graphs;

namespace ModelCompiler.Import.Onnx;

/// <summary>What has been found wrong with a file so far.</summary>
internal sealed class ImportProblems(ModelSource source)
{
    private readonly List<Problem> _found = [];

    public IReadOnlyList<Problem> Found => _found;

    public bool HasErrors => _found.Any(p => p.Kind.Severity == Severity.Error);

    public void Report(ProblemKind kind, string message) => _found.Add(new(kind, $"{source.Path}: {message}"));

    /// <summary>Runs one step of the import and turns what it throws for a fault of the model into a problem that says where.</summary>
    public void Attempt(string where, Action step)
    {
        try
        {
            step();
        }
        catch (ProblemException e)
        {
            Report(e.Problem.Kind, $"{where}: {e.Problem.Message}");
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
        return (null, new FailedTrial(found, thrown));
    }

    /// <summary>Reports what made a trial fail after all.</summary>
    /// <exception cref="Exception">The trial ended with that exception.</exception>
    public void Accept(FailedTrial failure)
    {
        _found.AddRange(failure.Found);
        if (failure.Thrown is { } thrown)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(thrown).Throw();
        }
    }
}

/// <summary>Why one of several ways to import something did not succeed.</summary>
/// <param name="Found">What was reported on the way.</param>
/// <param name="Thrown">The fault that ended it; null where all is reported.</param>
internal sealed record FailedTrial(IReadOnlyList<Problem> Found, Exception? Thrown);
