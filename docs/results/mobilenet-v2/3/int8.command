modelc quantize float.onnx --calibration $fashion_mnist --seed 3 --samples 1000 -o int8.onnx
