modelc quantize tuned.onnx --calibration $fashion_mnist --seed 1 --weight-scales tensor --correct-bias --weights smallest -o int8.onnx
