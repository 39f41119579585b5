modelc quantize float.onnx --calibration $fashion_mnist --seed 3 --samples 1000 --weight-bits 4 --correct-bias -o int4.onnx
