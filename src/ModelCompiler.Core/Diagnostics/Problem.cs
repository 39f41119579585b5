namespace ModelCompiler.Diagnostics;

/// <summary>How grave a problem is.</summary>
public enum Severity
{
    /// <summary>Worth knowing; nothing needs to be done.</summary>
    Info,

    /// <summary>The model compiles, but perhaps not as its owner thinks.</summary>
    Warning,

    /// <summary>The model does not compile.</summary>
    Error,
}

/// <summary>One entry of the table of diagnostics.</summary>
/// <param name="Code">Stable number, MC and four digits.</param>
/// <param name="Severity">How grave it is.</param>
/// <param name="Title">What it is about, without details.</param>
public sealed record ProblemKind(string Code, Severity Severity, string Title);

/// <summary>Something that is wrong with a model: what the user reads in the build output.</summary>
/// <param name="Kind">Code, severity and title.</param>
/// <param name="Message">File, node, operator, what was expected, what was found, what to do.</param>
public sealed record Problem(ProblemKind Kind, string Message)
{
    /// <summary>Why nothing of this kind is supported, in words that are equal for equal causes; null where there is no such reason.</summary>
    public string? Reason { get; init; }

    /// <summary>The message for a place that names the file by itself.</summary>
    public string MessageWithout(string path) =>
        Message.StartsWith(path + ": ", StringComparison.Ordinal) ? Message.Substring(path.Length + 2) : Message;

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.Severity.ToString().ToLowerInvariant()} {Kind.Code}: {Message}";
}

/// <summary>Every diagnostic that the compiler can give. Numbers are never used again for something else.</summary>
public static class ProblemKinds
{
    /// <summary>The file cannot be read as an ONNX model.</summary>
    public static readonly ProblemKind NotAModel = new("MC0001", Severity.Error, "The file is not a readable ONNX model");

    /// <summary>The file would take unreasonable memory or claims sizes that it does not have.</summary>
    public static readonly ProblemKind HostileModel = new("MC0002", Severity.Error, "The model exceeds the limits of the importer");

    /// <summary>An operator is not supported.</summary>
    public static readonly ProblemKind UnsupportedOperator = new("MC0003", Severity.Error, "The operator is not supported");

    /// <summary>An operator is supported, but not in this form.</summary>
    public static readonly ProblemKind UnsupportedForm = new("MC0004", Severity.Error, "This form of the operator is not supported");

    /// <summary>Shapes or element types do not fit the operator.</summary>
    public static readonly ProblemKind ShapeMismatch = new("MC0005", Severity.Error, "Shapes or types do not fit");

    /// <summary>The graph names a value that nothing produces, or has a cycle.</summary>
    public static readonly ProblemKind BrokenGraph = new("MC0006", Severity.Error, "The graph is not well formed");

    /// <summary>A symbolic dimension has no value.</summary>
    public static readonly ProblemKind UnboundDimension = new("MC0007", Severity.Error, "A dimension is not known");

    /// <summary>External data is missing, too short, or outside of the model's folder.</summary>
    public static readonly ProblemKind ExternalData = new("MC0008", Severity.Error, "External data cannot be read");

    /// <summary>An option of the model item is not understood.</summary>
    public static readonly ProblemKind InvalidOption = new("MC0009", Severity.Error, "An option of the model is not valid");

    /// <summary>The batch size is open and was taken as 1.</summary>
    public static readonly ProblemKind AssumedDimension = new("MC0010", Severity.Info, "A dimension was assumed");

    /// <summary>Two models of a project have the same class.</summary>
    public static readonly ProblemKind DuplicateClass = new("MC0011", Severity.Error, "Two models have the same class");

    /// <summary>A model needs more than its item allows.</summary>
    public static readonly ProblemKind BudgetExceeded = new("MC0012", Severity.Error, "The model exceeds a budget");

    /// <summary>A branch cannot run on the shapes that the model is compiled for.</summary>
    public static readonly ProblemKind FailingBranch = new("MC0013", Severity.Warning, "A branch of the model cannot run");

    /// <summary>Sizes that are known at run time only would take more programs than one class may have.</summary>
    public static readonly ProblemKind TooManySizes = new("MC0014", Severity.Error, "The sizes of dimensions need too many programs");

    /// <summary>The compiler itself failed: always a defect of ours.</summary>
    public static readonly ProblemKind InternalError = new("MC0099", Severity.Error, "The compiler failed");

    /// <summary>All kinds in the order of their numbers.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        NotAModel,
        HostileModel,
        UnsupportedOperator,
        UnsupportedForm,
        ShapeMismatch,
        BrokenGraph,
        UnboundDimension,
        ExternalData,
        InvalidOption,
        AssumedDimension,
        DuplicateClass,
        BudgetExceeded,
        FailingBranch,
        TooManySizes,
        InternalError,
    ];
}

/// <summary>Stops the work on a model (or on one node of it) with a problem that the user can read.</summary>
/// <param name="problem">What is wrong.</param>
public sealed class ProblemException(Problem problem) : Exception(problem.Message)
{
    /// <summary>Makes the exception from the parts of a problem.</summary>
    public ProblemException(ProblemKind kind, string message)
        : this(new Problem(kind, message)) { }

    /// <summary>What is wrong.</summary>
    public Problem Problem { get; } = problem;
}

/// <summary>A limit that keeps hostile models from taking all of the machine is exceeded; ends the import at once.</summary>
/// <param name="message">Which limit.</param>
public sealed class LimitExceededException(string message) : Exception(message);
