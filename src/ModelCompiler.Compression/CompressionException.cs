namespace ModelCompiler.Compression;

/// <summary>A model or its data cannot be compressed as asked; the message is for the user.</summary>
public class CompressionException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A budget cannot be met; the message says what the least is.</summary>
public sealed class BudgetException(string message) : CompressionException(message);
