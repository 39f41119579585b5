modelc cluster pruned.onnx --data $fashion_mnist --seed 2 --samples 10000 --clusters 32 --weights smallest -o clustered.onnx
