using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>Finds the element types and versions that an operator compiles for, by compiling models of one node.</summary>
internal static class OperatorProbe
{
    /// <summary>Types that most operators have at least one of.</summary>
    private static readonly ElementType[] Usual = [ElementType.Float32, ElementType.Int64, ElementType.Bool, ElementType.UInt8];

    private static readonly ElementType[] All =
    [
        .. Enum.GetValues<ElementType>().Where(t => t is not (ElementType.Undefined or ElementType.String)),
    ];

    private static readonly int Newest = OnnxOperatorTable.All.Where(o => o.Domain.Length == 0).Max(o => o.Versions.Max());

    /// <summary>The element types of the first data input for which some form compiles in the newest opset.</summary>
    public static IReadOnlyList<ElementType> Types(string op, string domain)
    {
        var version = domain.Length == 0 ? Newest : VersionsOf(op, domain).Max();
        var (forms, types) = FormsOf(op, domain);
        var suitable = forms.Where(f => types.Any(t => Compiles(f, op, domain, version, t))).ToArray();
        return [.. All.Where(t => suitable.Any(f => Compiles(f, op, domain, version, t)))];
    }

    /// <summary>Those of the operator's versions in which some form compiles.</summary>
    public static IReadOnlyList<int> Versions(string op, string domain)
    {
        var (forms, types) = FormsOf(op, domain);
        return [.. VersionsOf(op, domain).Where(version => forms.Any(f => types.Any(t => Compiles(f, op, domain, version, t))))];
    }

    private static IReadOnlyList<int> VersionsOf(string op, string domain) =>
        OnnxOperatorTable.All.Single(o => o.Operator == op && o.Domain == domain).Versions;

    /// <summary>The forms that the operator may be content with, and element types of which it has one at least.</summary>
    private static (Form[] Forms, ElementType[] Types) FormsOf(string op, string domain)
    {
        var own = domain switch
        {
            "" => OperatorForms.Own,
            OnnxDomains.MachineLearning => MlForms.Own,
            _ => ContribForms.Own,
        };
        return own.TryGetValue(op, out var forms) ? (forms, All) : (OperatorForms.Usual, Usual);
    }

    private static bool Compiles(Form form, string op, string domain, int version, ElementType element)
    {
        var model = new ProbeModel(op, domain, version, element);
        form(model);
        return model.Compiles();
    }
}
