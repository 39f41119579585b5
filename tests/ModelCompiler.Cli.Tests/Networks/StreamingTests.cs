using System.Buffers.Binary;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Cli.Tests.Networks;

/// <summary>Real speech through real recurrent networks, frame by frame, with the state kept by the instance.</summary>
public sealed class StreamingTests
{
    private const int Frames = 100;

    [TestDataFact]
    public void Voice_activity_is_what_onnxruntime_finds_when_its_state_is_fed_back()
    {
        const int Context = 64;
        const int Hop = 512;
        var samples = Speech(Context + (Frames * Hop));
        var frames = Enumerable.Range(0, Frames).Select(i => samples.AsSpan(i * Hop, Context + Hop).ToArray());
        var options = new CompileOptions
        {
            ClassName = "Voice",
            Dimensions = (DimensionBinding[])[new("batch", 1), new("sequence", Context + Hop), new("sr", 16000)],
            State = (string[])["state:stateN"],
        };
        var rate = new NamedTensor("sr", new(ElementType.Int64, TensorShape.Scalar), new long[] { 16000 });

        var speech = Stream("rnn-audio/silero_vad_16k_op15", options, "input", frames, ("state", "stateN"), rate);

        // The recording has speech and pauses.
        Assert.True(speech.Max(s => s[0]) > 0.9f && speech.Min(s => s[0]) < 0.1f);
    }

    [TestDataFact]
    public void Noise_masks_are_what_onnxruntime_finds_when_its_state_is_fed_back()
    {
        const int Window = 512;
        const int Hop = 128;
        var samples = Speech(Window + (Frames * Hop));
        var frames = Enumerable.Range(0, Frames).Select(i => Magnitudes(samples.AsSpan(i * Hop, Window)));
        var options = new CompileOptions { ClassName = "Masks", State = (string[])["input_3:tf_op_layer_stack_2"] };

        var masks = Stream("rnn-audio/dtln_model_1", options, "input_2", frames, ("input_3", "tf_op_layer_stack_2"));

        Assert.All(masks.SelectMany(m => m), m => Assert.InRange(m, 0, 1));
    }

    /// <summary>Compares each frame's first output with ONNX Runtime's; returns them.</summary>
    private static List<float[]> Stream(
        string model,
        CompileOptions options,
        string input,
        IEnumerable<float[]> frames,
        (string Before, string After) state,
        params NamedTensor[] others
    )
    {
        var opened = ModelCase.Open(TestData.PathOf("models", "onnx", model, "model.onnx"), options) with { Options = options };
        var compiled = opened.Compile();
        Assert.True(compiled.Succeeded, string.Join("\n", compiled.Problems));
        using var network = CompiledNetwork.Load(compiled, options);
        using var oracle = new OnnxRuntimeOracle(opened.File.Bytes);
        var port = Assert.Single(network.Inputs, p => p.Name == input);

        NamedTensor? kept = null;
        var results = new List<float[]>();
        foreach (var frame in frames)
        {
            kept ??= Zeros(opened, state.Before, options);
            var expected = oracle.Run([new(input, port.Type, frame), kept, .. others]);
            var found = network.Run([frame]);
            Differential.AssertEqual([expected[0]], found, new Differential.Tolerance(), $"{model}, frame {results.Count}");
            kept = expected.Single(e => e.Name == state.After) with { Name = state.Before };
            results.Add((float[])found[0].Elements);
        }

        return results;
    }

    private static NamedTensor Zeros(ModelCase opened, string name, CompileOptions options)
    {
        var type = ModelCompilation.Plan(opened.File.Source, options).Description!.Inputs.Single(p => p.Name == name).Type;
        return new(name, type, Elements.Allocate(type));
    }

    /// <summary>The left channel of 16 kHz speech, after its first two seconds.</summary>
    private static float[] Speech(int count)
    {
        const int HeaderBytes = 44;
        const int Channels = 2;
        const int Skipped = 32000;
        var bytes = File.ReadAllBytes(TestData.PathOf("datasets", "speech", "short_wav_easy10s.wav"));
        Assert.Equal((1, Channels, 16000), (Short(20), Short(22), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(24))));
        return [.. Enumerable.Range(Skipped, count).Select(i => Short(HeaderBytes + (i * Channels * 2)) / 32768f)];

        short Short(int at) => BinaryPrimitives.ReadInt16LittleEndian(bytes.AsSpan(at));
    }

    private static float[] Magnitudes(ReadOnlySpan<float> window)
    {
        var magnitudes = new float[(window.Length / 2) + 1];
        for (var k = 0; k < magnitudes.Length; k++)
        {
            var (real, imaginary) = (0d, 0d);
            for (var n = 0; n < window.Length; n++)
            {
                var (sine, cosine) = Math.SinCos(2 * Math.PI * (k * n % window.Length) / window.Length);
                (real, imaginary) = (real + (window[n] * cosine), imaginary - (window[n] * sine));
            }

            magnitudes[k] = (float)Math.Sqrt((real * real) + (imaginary * imaginary));
        }

        return magnitudes;
    }
}
