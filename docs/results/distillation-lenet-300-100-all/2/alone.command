modelc finetune student.onnx --data $fashion_mnist --seed 2 --threads 1 --epochs 15 --learning-rate 0.002 -o alone.onnx
