#!/usr/bin/env bash
# DS-CNN on Fashion-MNIST: quantised after training, to 8, 16 and 4 bits; half of its work pruned; 16 shared values. Arguments: seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for seed in "${@:-1}"; do
  ds_cnn "$seed"
  data=(--data "$fashion_mnist" --seed "$seed")
  calibration=(--calibration "$fashion_mnist" --seed "$seed" --samples 1000)
  step int8 quantize float.onnx "${calibration[@]}" -o int8.onnx
  step int16 quantize float.onnx "${calibration[@]}" --activation-bits 16 --correct-bias -o int16.onnx
  step int4 quantize float.onnx "${calibration[@]}" --weight-bits 4 --correct-bias -o int4.onnx
  step int4-learned quantize float.onnx "${calibration[@]}" --weight-bits 4 --rounding learned -o int4-learned.onnx
  step int4-trained finetune int4.onnx "${data[@]}" --threads "$threads" --epochs 2 --learning-rate 0.0005 -o int4-trained.onnx
  shared "$seed"
  step pruned prune float.onnx "${data[@]}" --method channels --criterion taylor --samples 2000 --amount 0.5 --multiple 8 --steps 3 --epochs 2 \
    --learning-rate 0.002 --training-threads "$threads" -o pruned.onnx
  step pruned-int8 quantize pruned.onnx "${calibration[@]}" -o pruned-int8.onnx
  step times report int8.onnx pruned-int8.onnx -o times.html
done
