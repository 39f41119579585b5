modelc quantize float.onnx --calibration $fashion_mnist --seed 3 --samples 1000 --activation-bits 16 --correct-bias -o int16.onnx
