using Snapshooter;

namespace ModelCompiler.Generator.Tests.Running;

/// <summary>The one place that knows the library for snapshots.</summary>
internal static class Snapshot
{
    /// <summary>Compares a text with the file of that name in __snapshots__; writes the file where there is none.</summary>
    public static void Match(string text, string name) => Snapshooter.Xunit.Snapshot.Match(text, SnapshotNameExtension.Create(name));
}
