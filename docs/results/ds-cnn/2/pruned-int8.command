modelc quantize pruned.onnx --calibration $fashion_mnist --seed 2 --samples 1000 -o pruned-int8.onnx
