#!/usr/bin/env bash
# A network on Fashion-MNIST, quantised after training to 8 and 16 bits; ResNet-8 with 16 shared values too. Arguments: resnet-8 or
# mobilenet-v2 (half as wide), seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
network=$1
shift
case $network in
resnet-8) options=(--epochs 8) ;;
mobilenet-v2) options=(--width 0.5 --epochs 4) ;;
*) echo "$network is neither resnet-8 nor mobilenet-v2" >&2 && exit 3 ;;
esac
for seed in "${@:-1}"; do
  begin "$network" "$seed"
  calibration=(--calibration "$fashion_mnist" --seed "$seed" --samples 1000)
  step float train --architecture "$network" "${options[@]}" --data "$fashion_mnist" --seed "$seed" --threads "$threads" -o float.onnx \
    --log "$logs/float.log"
  step int8 quantize float.onnx "${calibration[@]}" -o int8.onnx
  step int16 quantize float.onnx "${calibration[@]}" --activation-bits 16 --correct-bias -o int16.onnx
  [ "$network" != resnet-8 ] || shared "$seed"
done
