using ModelCompiler.Testing;

namespace ModelCompiler.Cli.Tests.Networks;

/// <summary>Real networks, made by other people's tools, through <c>modelc verify</c>.</summary>
public class RealModelTests
{
    [TestDataTheory]
    [InlineData("anomaly-detection/mlperf_ad_autoencoder_int8_qdq")]
    [InlineData("detection/blazeface_front_128")]
    [InlineData("detection/ultraface_rfb_320")]
    [InlineData("detection/yunet_n_320")]
    [InlineData("image-classification/mlperf_ic_resnet8_int8_qdq")]
    [InlineData("image-classification/mlperf_vww_mobilenetv1_float")]
    [InlineData("image-classification/mlperf_vww_mobilenetv1_int8_qdq")]
    [InlineData("image-classification/mnist_8_cntk")]
    [InlineData("image-to-image/super_resolution_10")]
    [InlineData("keyword-spotting/micro_kws_m_qdq")]
    [InlineData("keyword-spotting/micro_kws_m_static_fp32")]
    [InlineData("keyword-spotting/micro_kws_m_static_qoperator")]
    [InlineData("keyword-spotting/mlperf_kws_dscnn_int8_qdq")]
    [InlineData("ocr/ppocr_mobile_v2_cls")]
    [InlineData("rnn-audio/silero_vad_16k_op15")]
    [InlineData("sensor/handgesture_keypoint_mlp")]
    [InlineData("sensor/hello_world_sine")]
    [InlineData("speed/mobilenet_v2_1.0_224_int8_qdq_random")]
    public async Task Agrees_with_recorded_data_and_onnxruntime(string model)
    {
        var result = await Invocation.Of("verify", TestData.PathOf("models", "onnx", model, "model.onnx"), "--json");

        Assert.True(result.ExitCode == 0, result.Output);
    }
}
