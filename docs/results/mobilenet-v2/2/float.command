modelc train --architecture mobilenet-v2 --width 0.5 --epochs 4 --data $fashion_mnist --seed 2 --threads 1 -o float.onnx --log float.log
