modelc quantize pruned.onnx --calibration $fashion_mnist --seed 3 --samples 1000 -o pruned-int8.onnx
