modelc train --architecture resnet-8 --data $fashion_mnist --seed 1 --threads 1 --epochs 8 -o float.onnx --log float.log
