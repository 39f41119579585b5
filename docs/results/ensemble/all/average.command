modelc ensemble ../../ds-cnn/1/float.onnx ../../ds-cnn/2/float.onnx ../../ds-cnn/3/float.onnx --data $fashion_mnist -o average.onnx
