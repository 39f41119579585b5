# What the experiments share: where the data are, where models go, and how a step is run and logged. Read by the scripts beside it.
set -euo pipefail
results=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$results/../.." && pwd)
fashion_mnist=${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}
work=${WORK:-$root/artifacts/results}
threads=${THREADS:-2}

[ -n "${MODELC:-}" ] || dotnet build -c Release "$root/src/ModelCompiler.Cli" >/dev/null
modelc=${MODELC:-$root/src/ModelCompiler.Cli/bin/Release/net10.0/modelc.dll}

# begin EXPERIMENT SEED: the models go below $work, the logs beside the scripts.
begin() {
  models=$work/$1/$2 logs=$results/$1/$2
  mkdir -p "$models" "$logs"
}

# without_paths: what it reads, without where things are on this machine.
without_paths() {
  sed "s|$fashion_mnist|\$fashion_mnist|g; s|$logs/||g; s|$models/||g"
}

# step NAME ARGUMENTS…: runs modelc once; its JSON goes to NAME.json, the command to NAME.command. What is there is not made again.
step() {
  local name=$1
  shift
  [ -s "$logs/$name.json" ] && return
  echo "$(basename "$(dirname "$models")")/$(basename "$models") $name" >&2
  (cd "$models" && dotnet "$modelc" "$@" --json) | without_paths >"$logs/$name.json.part"
  echo "modelc$(printf ' %q' "$@")" | without_paths >"$logs/$name.command"
  mv "$logs/$name.json.part" "$logs/$name.json"
}

# ds_cnn SEED: the float network that several experiments begin with.
ds_cnn() {
  begin ds-cnn "$1"
  step float train --architecture ds-cnn --data "$fashion_mnist" --seed "$1" --threads "$threads" --epochs 8 -o float.onnx --log "$logs/float.log"
}

# shared SEED: the int8 network of begin with 16 values for the weights of a layer, and these trained on.
shared() {
  local data=(--data "$fashion_mnist" --seed "$1")
  step shared cluster int8.onnx "${data[@]}" --clusters 16 -o shared.onnx
  step shared-trained finetune shared.onnx "${data[@]}" --threads "$threads" --keep-clusters --epochs 2 --learning-rate 0.0005 -o shared-trained.onnx
}
