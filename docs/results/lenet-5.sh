#!/usr/bin/env bash
# LeNet-5 (20, 50 and 500 units) on Fashion-MNIST: prune, share weights, quantise (Han et al. 2016). Arguments: seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for seed in "${@:-1}"; do
  begin lenet-5 "$seed"
  data=(--data "$fashion_mnist" --seed "$seed")
  step float train --architecture lenet-5 "${data[@]}" --threads "$threads" --epochs 10 -o float.onnx --log "$logs/float.log"
  step pruned prune float.onnx "${data[@]}" --samples 10000 --scope global --amount 0.93 --steps 6 --from 0.5 --epochs 2 --learning-rate 0.002 \
    --weight-decay 0.3 --training-threads "$threads" --weights smallest -o pruned.onnx
  step clustered cluster pruned.onnx "${data[@]}" --samples 10000 --clusters 16 --weights smallest -o clustered.onnx
  step tuned distill clustered.onnx --teacher float.onnx "${data[@]}" --threads "$threads" --keep-clusters --epochs 3 --learning-rate 0.0005 -o tuned.onnx
  step int8 quantize tuned.onnx --calibration "$fashion_mnist" --seed "$seed" --weight-scales tensor --correct-bias --weights smallest -o int8.onnx
  step published report int8.onnx --weights smallest --published --seconds 1 -o int8.html
done
