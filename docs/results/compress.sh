#!/usr/bin/env bash
# A DS-CNN on Fashion-MNIST, and the smallest network that loses at most half a point against it, found in 30 minutes by two
# processes. Arguments: seeds.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
for seed in "${@:-1}"; do
  ds_cnn "$seed"
  begin compress "$seed"
  step search compress "../../ds-cnn/$seed/float.onnx" --data "$fashion_mnist" --seed "$seed" --max-drop 0.5 --time 30m --jobs 2 \
    --plot "$logs/front.png" -o smallest.onnx \
    2> >(tee -a "$logs/search.log" >&2)
done
