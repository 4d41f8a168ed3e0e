#!/usr/bin/env bash
# Compares flipout with a deterministic network, Monte Carlo dropout and an ensemble of three. Trains
# LeNet-5 on Fashion-MNIST and six convolutions on CIFAR-10 in each of these ways and evaluates them, with
# the other data set as out-of-distribution images. Prints the tables.
#
#   ./tests/bench/uncertainty.sh CIFAR [OUT [FASHION]]
#
# CIFAR is the folder of CIFAR-10's binary files (data_batch_1.bin …). OUT gets runs and results
# (default: build/bench/uncertainty). Finished runs are kept, and unfinished ones continue. Takes about
# two hours on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

cifar=${1:?usage: ./tests/bench/uncertainty.sh CIFAR [OUT [FASHION]]}
out=${2:-build/bench/uncertainty} fashion=${3:-/usr/share/datasets/fashion-mnist}

. tests/install_packages.sh
install_packages "${build_packages[@]}" python3 dataset-fashion-mnist
cmake -S . -B build -DBNN_TESTS=OFF >/dev/null
cmake --build build -j "$(nproc)"

# train RUN CONFIG DATA SEED
train() {
  local run=$out/$1
  if [ -e "$run/checkpoints/last.safetensors" ]; then
    build/bnn-train --resume --out "$run"
  else
    build/bnn-train --config "configs/$2.json" --data "$3" --out "$run" --seed "$4"
  fi
}

best() { echo "$out/$1/checkpoints/best.safetensors"; }

# evaluate RESULT OTHER FORMAT RUN... [--temperature]: the file OTHER holds out-of-distribution images
evaluate() {
  local arguments=()
  for run in "${@:4}"; do
    case $run in --*) arguments+=("$run") ;; *) arguments+=("$(best "$run")") ;; esac
  done
  build/bnn-eval "${arguments[@]}" --ood "$2" --ood-format "$3" --ood-resize \
    --format json >"$out/$1.json"
}

# compare NAME CONFIG DATA OTHER FORMAT: all four networks of a data set
compare() {
  train "$1-flipout" "$2" "$3" 0
  train "$1-dropout" "$2-dropout" "$3" 0
  for seed in 0 1 2; do train "$1-deterministic$seed" "$2-deterministic" "$3" "$seed"; done
  for way in flipout dropout; do evaluate "$1-$way" "$4" "$5" "$1-$way"; done
  evaluate "$1-deterministic" "$4" "$5" "$1-deterministic0"
  build/bnn-eval "$(best "$1-deterministic0")" --fit-calibration
  evaluate "$1-temperature" "$4" "$5" "$1-deterministic0" --temperature
  evaluate "$1-ensemble" "$4" "$5" "$1"-deterministic{0,1,2}
}

mkdir -p "$out"
compare fashion fashion-mnist-lenet5 "$fashion" "$cifar/test_batch.bin" cifar10
compare cifar cifar10-cnn "$cifar" "$fashion/t10k-images-idx3-ubyte.gz" idx
python3 tests/bench/uncertainty/table.py "$out" | tee "$out/uncertainty.md"
