modelc report int8.onnx pruned-int8.onnx -o times.html
