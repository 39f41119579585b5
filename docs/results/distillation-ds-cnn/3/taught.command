modelc distill student.onnx --teacher ../../ds-cnn/1/float.onnx --data $fashion_mnist --seed 3 --threads 1 --epochs 4 --learning-rate 0.002 -o taught.onnx
