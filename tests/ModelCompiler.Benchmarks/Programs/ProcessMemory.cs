using System.Globalization;

namespace ModelCompiler.Benchmarks.Programs;

/// <summary>What Linux knows of processes.</summary>
internal static class ProcessMemory
{
    /// <summary>The most resident memory that a process has had; 0 where it is gone.</summary>
    public static long PeakOf(int process)
    {
        const string Key = "VmHWM:";
        var line = Read(process, "status").Split('\n').FirstOrDefault(l => l.StartsWith(Key, StringComparison.Ordinal));
        return line is null
            ? 0
            : long.Parse(line[Key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>A process and all that it has started, directly or not, and that still run.</summary>
    public static IReadOnlyList<int> TreeOf(int root)
    {
        var parents = Directory
            .EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .ToDictionary(id => id, ParentOf);
        var tree = new HashSet<int> { root };
        while (parents.Count(p => tree.Contains(p.Value) && tree.Add(p.Key)) > 0) { }
        return [.. tree];
    }

    /// <summary>Program and arguments; empty where the process is gone.</summary>
    public static IReadOnlyList<string> CommandLineOf(int process) =>
        Read(process, "cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static int ParentOf(int process)
    {
        // The name, in brackets, may hold anything; behind it come the state and the parent.
        var stat = Read(process, "stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 1 ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;
    }

    private static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Processes end while one looks at them.
            return "";
        }
    }
}
