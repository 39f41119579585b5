modelc distill student.onnx --teacher ../../resnet-8/1/float.onnx --data $fashion_mnist --seed 4 --threads 1 --epochs 15 --learning-rate 0.002 -o taught.onnx
