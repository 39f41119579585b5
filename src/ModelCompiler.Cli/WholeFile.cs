namespace ModelCompiler.Cli;

/// <summary>Writes files that are there whole or not at all, however the process ends.</summary>
internal static class WholeFile
{
    public static void Write(string path, byte[] content)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
