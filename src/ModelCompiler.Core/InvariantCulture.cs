using System.Globalization;

namespace ModelCompiler;

/// <summary>
/// Numbers become text as everywhere, whatever the user's settings are: emitted code must not have a comma for a point, or
/// another minus. One place around the whole compiler, because a format string is forgotten easily.
/// </summary>
internal readonly struct InvariantCulture : IDisposable
{
    private readonly CultureInfo _before;

    private InvariantCulture(CultureInfo before) => _before = before;

    /// <summary>Sets the thread's culture until what is returned is disposed.</summary>
    public static InvariantCulture Enter()
    {
        var scope = new InvariantCulture(CultureInfo.CurrentCulture);
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        return scope;
    }

    public void Dispose() => CultureInfo.CurrentCulture = _before;
}
