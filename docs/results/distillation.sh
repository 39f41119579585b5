#!/usr/bin/env bash
# A DS-CNN of a quarter of the width on Fashion-MNIST, trained on alone and with a teacher, the DS-CNN of ds-cnn.sh's first seed. Arguments: seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ds_cnn 1
for seed in "${@:-1}"; do
  begin distillation "$seed"
  training=(--data "$fashion_mnist" --seed "$seed" --threads "$threads")
  step student train --architecture ds-cnn --width 0.25 "${training[@]}" --epochs 6 -o student.onnx --log "$logs/student.log"
  step alone finetune student.onnx "${training[@]}" --augment --epochs 4 --learning-rate 0.002 -o alone.onnx
  step taught distill student.onnx --teacher ../../ds-cnn/1/float.onnx "${training[@]}" --augment --epochs 4 --learning-rate 0.002 -o taught.onnx
done
