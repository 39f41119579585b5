modelc quantize pruned.onnx --calibration $fashion_mnist --seed 1 --samples 1000 -o pruned-int8.onnx
