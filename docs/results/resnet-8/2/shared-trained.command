modelc finetune shared.onnx --data $fashion_mnist --seed 2 --threads 1 --keep-clusters --epochs 2 --learning-rate 0.0005 -o shared-trained.onnx
