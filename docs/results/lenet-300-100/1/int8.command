modelc quantize tuned.onnx --calibration $fashion_mnist --seed 1 --weight-scales tensor --weights smallest -o int8.onnx
