modelc finetune student.onnx --data $fashion_mnist --validation 0.9 --seed 5 --threads 1 --epochs 40 --learning-rate 0.002 -o alone.onnx
