modelc finetune pruned.onnx --data $fashion_mnist --seed 1 --threads 1 --keep-zeros --epochs 15 --learning-rate 0.002 --weight-decay 0.3 -o recovered.onnx
