modelc train --architecture ds-cnn --data $fashion_mnist --seed 3 --threads 1 --epochs 8 -o float.onnx --log float.log
