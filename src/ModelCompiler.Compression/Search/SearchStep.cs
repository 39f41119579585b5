using System.Security.Cryptography;
using System.Text;

namespace ModelCompiler.Compression.Search;

/// <summary>One step on the way to a smaller model: a command line of <c>modelc</c> without the files that it reads and writes.</summary>
/// <param name="Command">The command, for example <c>prune</c>.</param>
/// <param name="Arguments">Its options. <see cref="Original"/> and <see cref="Samples"/> stand for files.</param>
/// <param name="Epochs">Passes over the data, where it trains; 0 where it does not.</param>
public sealed record SearchStep(string Command, IReadOnlyList<string> Arguments, int Epochs = 0)
{
    /// <summary>Stands for the file of the original model in the arguments of a step.</summary>
    public const string Original = "{original}";

    /// <summary>Stands for a file of samples without classes in the arguments of a step.</summary>
    public const string Samples = "{samples}";

    /// <summary>Whether weights are trained.</summary>
    public bool Trains => Epochs > 0;

    /// <summary>Whether the model is one of integers afterwards: only such models are compared with others.</summary>
    public bool Quantises => Command == "quantize";

    /// <summary>
    /// What the result of this step is known by: the same step of the same model has the same name, so that nothing is computed twice.
    /// </summary>
    /// <param name="parent">The name of the model that the step starts from.</param>
    public string IdAfter(string parent) => IdOf([parent, Command, .. Arguments]);

    /// <summary>A name for a list of texts.</summary>
    public static string IdOf(IEnumerable<string> texts)
    {
        const int characters = 16;
        var bytes = Encoding.UTF8.GetBytes(string.Concat(texts.Select(t => t + "\0")));
        return Convert.ToHexStringLower(SHA256.HashData(bytes))[..characters];
    }
}

/// <summary>What a step has come to.</summary>
/// <param name="Id">The name by which it is known.</param>
/// <param name="CommandLine">What a person types for the same.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Size">What the model costs; null where the step failed.</param>
/// <param name="Accuracy">Part of the validation items that it gets right; null where that was not measured.</param>
/// <param name="Failure">Why there is no model.</param>
public sealed record StepResult(string Id, string CommandLine, double Seconds, ModelSize? Size, double? Accuracy, StepFailure? Failure);

/// <summary>Why a step has no result.</summary>
/// <param name="Sentence">What is wrong, for the user.</param>
/// <param name="ExitCode">The exit code of the command.</param>
public sealed record StepFailure(string Sentence, int ExitCode);

/// <summary>Runs steps; the one place where a search meets processes and files.</summary>
public interface IStepRunner
{
    /// <summary>The name of the original model, from which every first step starts.</summary>
    string OriginalId { get; }

    /// <summary>Runs a step, unless its result is there already.</summary>
    /// <param name="parent">The name of the model that it starts from.</param>
    /// <param name="step">The step.</param>
    /// <param name="measured">Whether the accuracy of the result is asked for.</param>
    /// <param name="cancellation">Stops, without a trace but for what lets a training go on later.</param>
    Task<StepResult> Run(string parent, SearchStep step, bool measured, CancellationToken cancellation);
}
