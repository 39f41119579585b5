modelc cluster int8.onnx --data $fashion_mnist --seed 1 --clusters 16 -o shared.onnx
