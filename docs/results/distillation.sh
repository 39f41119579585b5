#!/usr/bin/env bash
# A network on Fashion-MNIST, trained on alone and with a teacher. Arguments: lenet-300-100, which a ResNet-8 teaches, or ds-cnn, of a
# quarter of the width, which the whole DS-CNN teaches; seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
network=$1
shift
case $network in
lenet-300-100)
  "$results/quantised.sh" resnet-8 1
  teacher=../../resnet-8/1/float.onnx student=(--no-augment --epochs 3) epochs=15
  ;;
ds-cnn)
  ds_cnn 1
  teacher=../../ds-cnn/1/float.onnx student=(--width 0.25 --epochs 6) epochs=4
  ;;
*) echo "$network is neither lenet-300-100 nor ds-cnn" >&2 && exit 3 ;;
esac
for seed in "${@:-1}"; do
  begin "distillation-$network" "$seed"
  training=(--data "$fashion_mnist" --seed "$seed" --threads "$threads")
  step student train --architecture "$network" "${training[@]}" "${student[@]}" -o student.onnx --log "$logs/student.log"
  step alone finetune student.onnx "${training[@]}" --epochs "$epochs" --learning-rate 0.002 -o alone.onnx
  step taught distill student.onnx --teacher "$teacher" "${training[@]}" --epochs "$epochs" --learning-rate 0.002 -o taught.onnx
done
