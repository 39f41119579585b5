modelc train --architecture lenet-300-100 --data $fashion_mnist --seed 2 --threads 1 --no-augment --epochs 3 -o student.onnx --log student.log
