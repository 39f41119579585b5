modelc distill clustered.onnx --teacher float.onnx --data $fashion_mnist --seed 1 --threads 1 --keep-clusters --epochs 3 --learning-rate 0.0005 -o tuned.onnx
