modelc train --architecture ds-cnn --width 0.25 --data $fashion_mnist --seed 2 --threads 1 --epochs 6 -o student.onnx --log student.log
