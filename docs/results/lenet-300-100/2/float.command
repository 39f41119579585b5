modelc train --architecture lenet-300-100 --data $fashion_mnist --seed 2 --threads 1 --epochs 20 --no-augment -o float.onnx --log float.log
