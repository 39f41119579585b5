modelc prune float.onnx --data $fashion_mnist --seed 2 --samples 10000 --scope global --amount 0.93 --steps 8 --from 0.5 --epochs 3 --training-threads 1 --weights smallest -o pruned.onnx
