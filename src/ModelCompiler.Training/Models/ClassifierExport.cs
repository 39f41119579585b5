using ModelCompiler.Compression.Onnx;
using ModelCompiler.Graphs;
using ModelCompiler.Import.Onnx.Proto;
using TorchSharp;

namespace ModelCompiler.Training.Models;

/// <summary>Writes a trained classifier as an ONNX model: pixels of 0 to 1 in, probabilities out, batch 1.</summary>
public static class ClassifierExport
{
    private const int Opset = 17;

    /// <summary>Exports the network for images of one size.</summary>
    public static ModelProto ToOnnx(DepthwiseSeparableCnn network, string name, int height, int width)
    {
        var model = OnnxMessages.Model(name, Opset);
        var graph = model.Graph;
        graph.Input.Add(OnnxMessages.Port("image", new TensorType(ElementType.Float32, new TensorShape(1, 1, height, width))));
        var value = network.Layers.Aggregate("image", (input, layer) => AddLayer(graph, layer, input));
        graph.Node.Add(OnnxMessages.Node("pool", "GlobalAveragePool", [value], "pool_out"));
        graph.Node.Add(OnnxMessages.Node("flatten", "Flatten", ["pool_out"], "features"));
        var weight = AddInitializer(graph, "classifier.weight", network.Classifier.weight!);
        var bias = AddInitializer(graph, "classifier.bias", network.Classifier.bias!);
        graph.Node.Add(OnnxMessages.Node("classifier", "Gemm", ["features", weight, bias], "scores", OnnxMessages.Attribute("transB", 1L)));
        graph.Node.Add(OnnxMessages.Node("softmax", "Softmax", ["scores"], "probabilities", OnnxMessages.Attribute("axis", 1L)));
        var classes = (int)network.Classifier.weight!.shape[0];
        graph.Output.Add(OnnxMessages.Port("probabilities", new TensorType(ElementType.Float32, new TensorShape(1, classes))));
        return model;
    }

    private static string AddLayer(GraphProto graph, ConvolutionLayer layer, string input)
    {
        var name = layer.LayerName;
        long pad = layer.Kernel / 2;
        var weight = AddInitializer(graph, $"{name}.weight", layer.Convolution.weight!);
        graph.Node.Add(
            OnnxMessages.Node(
                name,
                "Conv",
                [input, weight],
                $"{name}_conv",
                OnnxMessages.Attribute("group", (long)layer.Groups),
                OnnxMessages.Attribute("kernel_shape", layer.Kernel, layer.Kernel),
                OnnxMessages.Attribute("pads", pad, pad, pad, pad),
                OnnxMessages.Attribute("strides", layer.Stride, layer.Stride)
            )
        );
        var normalisation = layer.Normalisation;
        string[] statistics =
        [
            AddInitializer(graph, $"{name}.scale", normalisation.weight!),
            AddInitializer(graph, $"{name}.bias", normalisation.bias!),
            AddInitializer(graph, $"{name}.mean", normalisation.running_mean!),
            AddInitializer(graph, $"{name}.var", normalisation.running_var!),
        ];
        graph.Node.Add(
            OnnxMessages.Node(
                $"{name}/normalise",
                "BatchNormalization",
                [$"{name}_conv", .. statistics],
                $"{name}_normalised",
                OnnxMessages.Attribute("epsilon", (float)normalisation.eps)
            )
        );
        graph.Node.Add(OnnxMessages.Node($"{name}/relu", "Relu", [$"{name}_normalised"], $"{name}_out"));
        return $"{name}_out";
    }

    private static string AddInitializer(GraphProto graph, string name, torch.Tensor tensor)
    {
        using var detached = tensor.detach().contiguous();
        var elements = detached.data<float>().ToArray();
        graph.Initializer.Add(OnnxMessages.Initializer<float>(name, ElementType.Float32, detached.shape.Select(s => (int)s), elements));
        return name;
    }
}
