modelc quantize float.onnx --calibration $fashion_mnist --seed 1 --samples 1000 -o int8.onnx
