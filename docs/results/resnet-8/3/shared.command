modelc cluster int8.onnx --data $fashion_mnist --seed 3 --clusters 16 -o shared.onnx
