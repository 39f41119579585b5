#!/usr/bin/env bash
# Anomalies of a water circuit (SKAB): an autoencoder for each experiment, which learns its first 400 rows. Arguments: seeds.
# SKAB is the folder "data" of https://github.com/waico/SKAB; FOLDERS are those of its folders that are looked at.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
skab=${SKAB:?the folder with valve1, valve2 and other}
mapfile -t files < <(cd "$skab" && for folder in ${FOLDERS:-valve1 valve2 other}; do ls -v "$folder"/*.csv; done | sed "s|\.csv\$||")
for seed in "${@:-1}"; do
  begin anomalies "$seed"
  seed_logs=$logs seed_models=$models
  for file in "${files[@]}"; do
    # Four steps for each of 34 files: their logs stay with the models, and are joined below.
    models=$seed_models/${file//\//-}
    logs=$models
    mkdir -p "$models"
    data=("$skab/$file.csv" --columns 2-9 --train-rows 400 --seed "$seed")
    step trained train --architecture autoencoder --data "${data[@]}" --standardize --bottleneck 3 --hidden 32 --layers 1 --epochs 50 \
      --batch 32 --threads "$threads" -o float.onnx
    step found accuracy float.onnx --data "${data[@]}" --label anomaly --anomalies
    step int8 quantize float.onnx --calibration "${data[@]}" --no-time -o int8.onnx
    step found-int8 accuracy int8.onnx --data "${data[@]}" --label anomaly --anomalies
  done
  for step in trained found int8 found-int8; do
    for file in "${files[@]}"; do
      printf '{"file":"%s","result":%s},\n' "$file" "$(tr -s ' \n' ' ' <"$seed_models/${file//\//-}/$step.json")"
    done | sed '1s/^/[/; $s/,$/]/' >"$seed_logs/$step.json"
    sed "s|$skab/$file|\$skab/\$file|g" <"$models/$step.command" >"$seed_logs/$step.command"
  done
done
