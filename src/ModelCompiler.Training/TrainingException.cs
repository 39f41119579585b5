namespace ModelCompiler.Training;

/// <summary>A model or its data cannot be trained as asked; the message is a sentence for the user.</summary>
public class TrainingException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The network has nodes through which no gradient can be computed; the message names all of them.</summary>
public sealed class NotDifferentiableException(string message) : TrainingException(message);

/// <summary>The loss was no number before any epoch ended, so that there is nothing to keep.</summary>
public sealed class NoLossException(string message) : TrainingException(message);
