namespace ModelCompiler.Compression;

/// <summary>A model or its data cannot be compressed as asked; the message is for the user.</summary>
public sealed class CompressionException(string message, Exception? inner = null) : Exception(message, inner);
