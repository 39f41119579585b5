modelc quantize tuned.onnx --calibration $fashion_mnist --seed 2 --weight-scales tensor --correct-bias --weights smallest -o int8.onnx
