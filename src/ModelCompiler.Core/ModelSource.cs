namespace ModelCompiler;

/// <summary>A model file and the way to read the files that it refers to.</summary>
/// <param name="Path">Path as the user knows it; used in messages and to derive the class name.</param>
/// <param name="Bytes">Content of the file.</param>
/// <param name="ReadExternalData">
/// Reads the file of external data with the given relative location; null where it does not exist. Locations that leave the
/// model's folder are refused before this is called.
/// </param>
public sealed record ModelSource(string Path, byte[] Bytes, Func<string, byte[]?> ReadExternalData);
