using ModelCompiler.Audio;
using ModelCompiler.Graphs;
using ModelCompiler.Testing;
using ModelCompiler.Verification;

namespace ModelCompiler.Runtime.Tests.Audio;

/// <summary>ONNX has operators for the same features (opset 17): ONNX Runtime computes them beside ours.</summary>
public sealed class OnnxFeaturesTests
{
    [Theory]
    [InlineData("log-mel rate=8000 window=256 hop=128 mel=onnx bands=20 low=20 high=4000")]
    [InlineData("log-mel rate=16000 window=512 hop=160 spectrum=magnitude mel=onnx low=80 high=7600 log=log1p")]
    [InlineData("log-mel rate=16000 window=64 hop=64 shape=blackman mel=onnx bands=8 floor=0.1")]
    public void Log_mel_equals_the_operators_of_onnx(string text)
    {
        var options = AudioFeatureOptions.Parse(text);
        var features = new AudioFeatures(options);
        var samples = Noise.Of(4000);
        var actual = new float[features.FramesOf(samples.Length) * options.Bands];
        features.Compute(samples, actual);

        using var oracle = new OnnxRuntimeOracle(Model(options, samples.Length));
        var type = new TensorType(ElementType.Float32, new TensorShape(1, samples.Length, 1));
        var expected = (float[])oracle.Run(new NamedTensor("samples", type, samples))[0].Elements;
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            // ONNX Runtime's transform is of float32 too.
            Assert.True(Math.Abs(expected[i] - actual[i]) < 2e-4, $"feature {i}: expected {expected[i]}, found {actual[i]}");
        }
    }

    private static byte[] Model(AudioFeatureOptions options, int samples)
    {
        var model = new OnnxModelBuilder(17);
        var window = model.Node($"{options.Window}Window", [Long(options.WindowLength)], ("periodic", 1));
        var signal = model.Input("samples", ElementType.Float32, 1, samples, 1);
        var spectrum = model.Node("STFT", [signal, Long(options.HopLength), window, Long(options.FftLength)], ("onesided", 1));
        var squares = model.Node("Mul", [spectrum, spectrum]);
        var power = model.Node("ReduceSum", [squares, model.Constant(Tensor.Longs(3))], ("keepdims", 0));
        var bins = options.Spectrum == SpectrumKind.Power ? power : model.Node("Sqrt", [power]);
        var mel = model.Node(
            "MelWeightMatrix",
            [Long(options.Bands), Long(options.FftLength), Long(options.SampleRate), Hertz(true), Hertz(false)]
        );
        var bands = model.Node("MatMul", [bins, mel]);
        var least =
            options.Logarithm == BandLogarithm.Floor
                ? model.Node("Max", [bands, model.Constant([], options.Floor)])
                : model.Node("Add", [bands, model.Constant([], 1f)]);
        return model.Output(model.Node("Log", [least]), ElementType.Float32).ToBytes();

        string Long(long value) => model.Constant(Tensor.Longs(value).Reshape(TensorShape.Scalar));
        string Hertz(bool isLowest) => model.Constant([], isLowest ? options.LowestFrequency : options.HighestFrequency);
    }
}
