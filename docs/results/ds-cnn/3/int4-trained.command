modelc finetune int4.onnx --data $fashion_mnist --seed 3 --threads 1 --epochs 2 --learning-rate 0.0005 -o int4-trained.onnx
