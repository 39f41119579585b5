modelc train --architecture lenet-5 --data $fashion_mnist --seed 1 --threads 1 --epochs 10 -o float.onnx --log float.log
