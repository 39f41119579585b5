#!/usr/bin/env bash
# LeNet-300-100 on Fashion-MNIST: prune, share weights, quantise (Han et al. 2016). Arguments: seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for seed in "${@:-1}"; do
  begin lenet-300-100 "$seed"
  data=(--data "$fashion_mnist" --seed "$seed")
  step float train --architecture lenet-300-100 "${data[@]}" --threads "$threads" --epochs 20 --no-augment -o float.onnx --log "$logs/float.log"
  step pruned prune float.onnx "${data[@]}" --samples 10000 --scope global --amount 0.93 --steps 8 --from 0.5 --epochs 5 \
    --learning-rate 0.003 --weight-decay 0.3 --training-threads "$threads" --weights smallest -o pruned.onnx
  step recovered finetune pruned.onnx "${data[@]}" --threads "$threads" --keep-zeros --epochs 15 --learning-rate 0.002 --weight-decay 0.3 \
    -o recovered.onnx
  step clustered cluster recovered.onnx "${data[@]}" --samples 10000 --clusters 16 --weights smallest -o clustered.onnx
  step tuned finetune clustered.onnx "${data[@]}" --threads "$threads" --keep-clusters --epochs 4 --learning-rate 0.0005 -o tuned.onnx
  step int8 quantize tuned.onnx --calibration "$fashion_mnist" --seed "$seed" --weight-scales tensor --correct-bias --weights smallest -o int8.onnx
  step published report int8.onnx --weights smallest --published --seconds 1 -o int8.html
done
