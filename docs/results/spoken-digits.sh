#!/usr/bin/env bash
# Digits by a speaker whom the network has never heard: DS-CNN on log-mel features, int8. Arguments: the speakers who are left out, each in turn.
# FSDD names the folder of the recordings of the Free Spoken Digit Dataset, DIGIT_SPEAKER_NUMBER.wav.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
recordings=$(realpath "${FSDD:?names the folder of the recordings}")
for speaker in "${@:-theo}"; do
  begin spoken-digits "$speaker"
  mkdir -p "$models/sounds/train" "$models/sounds/test"
  find "$recordings" -name '*.wav' -not -name "*_${speaker}_*" -exec ln -sf -t "$models/sounds/train" {} +
  find "$recordings" -name "*_${speaker}_*.wav" -exec ln -sf -t "$models/sounds/test" {} +
  label='^(?<label>[0-9])_'
  step float train --architecture ds-cnn --data sounds --label-pattern "$label" \
    --audio "log-mel rate=8000 window=256 hop=160 bands=20 frames=36 range=40" \
    --epochs 20 --batch 32 --threads "$threads" -o float.onnx --log "$logs/float.log"
  step int8 quantize float.onnx --calibration sounds --label-pattern "$label" -o int8.onnx
done
