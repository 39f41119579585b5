using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ModelCompiler.Compression;
using ModelCompiler.Compression.Data;
using ModelCompiler.Compression.Onnx;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Search;

/// <summary>
/// What a search measures with: the items that trainings hold back choose; test items are not read before the choice is made.
/// </summary>
/// <param name="set">The data.</param>
/// <param name="learning">Items to learn from.</param>
/// <param name="validation">Items to choose by, with classes.</param>
/// <param name="inputs">The model's inputs for one item.</param>
internal sealed class SearchData(DataSet set, DataItems learning, DataItems validation, IReadOnlyList<ModelPort> inputs)
{
    // Enough to tell one data set from another, few enough to be read in no time.
    private const int FingerprintItems = 1000;

    /// <summary>Takes the data for a model.</summary>
    /// <exception cref="CommandException">They have no classes.</exception>
    /// <exception cref="CompressionException">They are not what they have to be.</exception>
    public static SearchData Read(ModelCase model, SearchArguments arguments, ParseResult parsed)
    {
        var set = arguments.Data.Open(parsed, model.File)!;
        var validation = arguments.Data.Choice(parsed, set);
        if (validation.Labels is null)
        {
            throw new CommandException(
                $"'{parsed.GetValue(arguments.Data.Data)}' has no classes; compress chooses by the accuracy of a classifier."
            );
        }

        var inputs = ValuePorts.Inputs(OnnxModel.Read(model.File.Source), model.File.Path, model.Options);
        return new(set, arguments.Data.Learning(parsed, set), validation, inputs);
    }

    /// <summary>Number of items that choose.</summary>
    public int ValidationCount => validation.Count;

    /// <summary>A name for the items as the model takes them: other items, another name.</summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in new[] { learning, validation })
        {
            hash.AppendData(BitConverter.GetBytes(part.Count));
            hash.AppendData(MemoryMarshal.AsBytes<long>(part.Labels!.ToArray()));
            var elements = part.Spread(FingerprintItems).Samples(inputs).SelectMany(s => s).Select(t => t.Elements);
            foreach (var array in elements)
            {
                hash.AppendData(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(array), Buffer.ByteLength(array)));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Samples to calibrate with: some of the items that are learnt from.</summary>
    public byte[] Calibration(int count) => NpzFile.OfSamples(learning.Spread(count).Samples(inputs));

    /// <summary>Part of the validation items that a model gets right, 0 to 1.</summary>
    public double ValidationAccuracy(byte[] model, CancellationToken cancellation) => Accuracy(model, validation, cancellation);

    /// <summary>Part of the test items that models get right, 0 to 1; null where there are none.</summary>
    public IReadOnlyList<double>? TestAccuracies(IEnumerable<byte[]> models, CancellationToken cancellation) =>
        set.Test is { } test ? [.. models.Select(m => Accuracy(m, test, cancellation))] : null;

    private double Accuracy(byte[] model, DataItems items, CancellationToken cancellation)
    {
        // Quantised networks in integers throughout, as the compiled code computes them.
        using var oracle = new OnnxRuntimeOracle(model, signedQuantisedOperators: true);
        var predictions = ClassificationAccuracy.Predict(i => oracle.Run(i), items.For(inputs), items.Count, cancellation);
        return ClassificationAccuracy.Right(predictions, items.Labels!) / (double)items.Count;
    }
}
