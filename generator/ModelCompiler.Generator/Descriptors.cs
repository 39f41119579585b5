using Microsoft.CodeAnalysis;
using ModelCompiler.Diagnostics;

namespace ModelCompiler.Generator;

/// <summary>
/// The compiler's diagnostics as Roslyn wants them. They are written out, although Core has them in a table, so that release
/// tracking sees them; a test holds the two equal.
/// </summary>
internal static class Descriptors
{
    private const string Category = "ModelCompiler";

    private static readonly DiagnosticDescriptor NotAModel = new(
        "MC0001",
        "The file is not a readable ONNX model",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor HostileModel = new(
        "MC0002",
        "The model exceeds the limits of the importer",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor UnsupportedOperator = new(
        "MC0003",
        "The operator is not supported",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor UnsupportedForm = new(
        "MC0004",
        "This form of the operator is not supported",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor ShapeMismatch = new(
        "MC0005",
        "Shapes or types do not fit",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor BrokenGraph = new(
        "MC0006",
        "The graph is not well formed",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor UnboundDimension = new(
        "MC0007",
        "A dimension is not known",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor ExternalData = new(
        "MC0008",
        "External data cannot be read",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor InvalidOption = new(
        "MC0009",
        "An option of the model is not valid",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor AssumedDimension = new(
        "MC0010",
        "A dimension was assumed",
        "{0}",
        Category,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor DuplicateClass = new(
        "MC0011",
        "Two models have the same class",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor BudgetExceeded = new(
        "MC0012",
        "The model exceeds a budget",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor FailingBranch = new(
        "MC0013",
        "A branch of the model cannot run",
        "{0}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor TooManySizes = new(
        "MC0014",
        "The sizes of dimensions need too many programs",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    private static readonly DiagnosticDescriptor InternalError = new(
        "MC0099",
        "The compiler failed",
        "{0}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    /// <summary>All of them by their codes.</summary>
    public static IReadOnlyDictionary<string, DiagnosticDescriptor> ByCode { get; } =
        new[]
        {
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
        }.ToDictionary(d => d.Id, StringComparer.Ordinal);

    public static DiagnosticDescriptor Of(ProblemKind kind) => ByCode[kind.Code];
}
