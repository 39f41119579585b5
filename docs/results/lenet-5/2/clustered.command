modelc cluster pruned.onnx --data $fashion_mnist --seed 2 --samples 10000 --clusters 16 --weights smallest -o clustered.onnx
