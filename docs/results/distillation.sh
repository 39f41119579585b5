#!/usr/bin/env bash
# A network on Fashion-MNIST, trained on alone and with teachers. Arguments: lenet-300-100, which has a tenth of the items and which three
# ResNet-8 teach that had most of them, lenet-300-100-all, which has as many as its one teacher, or ds-cnn, of a quarter of the width,
# which the whole DS-CNN teaches; seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
experiment=$1 network=${1%-all}
shift
case $experiment in
lenet-300-100)
  "$results/quantised.sh" resnet-8 1 2 3
  teachers=(../../resnet-8/{1,2,3}/float.onnx --temperature 2 --alpha 0.9) items=(--validation 0.9) student=(--no-augment --epochs 3) epochs=40
  ;;
lenet-300-100-all)
  "$results/quantised.sh" resnet-8 1
  teachers=(../../resnet-8/1/float.onnx) items=() student=(--no-augment --epochs 3) epochs=15
  ;;
ds-cnn)
  ds_cnn 1
  teachers=(../../ds-cnn/1/float.onnx) items=() student=(--width 0.25 --epochs 6) epochs=4
  ;;
*) echo "$experiment is none of lenet-300-100, lenet-300-100-all and ds-cnn" >&2 && exit 3 ;;
esac
for seed in "${@:-1}"; do
  begin "distillation-$experiment" "$seed"
  training=(--data "$fashion_mnist" "${items[@]}" --seed "$seed" --threads "$threads")
  step student train --architecture "$network" "${training[@]}" "${student[@]}" -o student.onnx --log "$logs/student.log"
  step alone finetune student.onnx "${training[@]}" --epochs "$epochs" --learning-rate 0.002 -o alone.onnx
  step taught distill student.onnx --teacher "${teachers[@]}" "${training[@]}" --epochs "$epochs" --learning-rate 0.002 -o taught.onnx
done
