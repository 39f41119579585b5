#!/usr/bin/env bash
# The three DS-CNN of ds-cnn.sh on Fashion-MNIST as one model, and as the teacher of each of them. Arguments: seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for seed in 1 2 3; do
  ds_cnn "$seed"
done
floats=(../../ds-cnn/1/float.onnx ../../ds-cnn/2/float.onnx ../../ds-cnn/3/float.onnx)
begin ensemble all
step average ensemble "${floats[@]}" --data "$fashion_mnist" -o average.onnx
for seed in "${@:-1}"; do
  begin ensemble "$seed"
  step taught distill "../../ds-cnn/$seed/float.onnx" --teacher "${floats[@]}" --data "$fashion_mnist" --seed "$seed" --threads "$threads" \
    --temperature 2 --alpha 0.9 --epochs 10 --learning-rate 0.002 -o taught.onnx
done
