#!/usr/bin/env bash
# Trains two flipout networks on Fashion-MNIST and measures the variance of their mini-batch gradients
# under four estimators. Writes a table (CSV) and a plot (SVG).
#
#   ./tests/bench/gradient_variance.sh [DATA [OUT]]
#
# DATA holds the images (default: those of Debian's package dataset-fashion-mnist), OUT gets the
# results (default: build/bench). Takes about a quarter of an hour on two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

packaged=/usr/share/datasets/fashion-mnist
data=${1:-$packaged} out=${2:-build/bench}

. tests/install_packages.sh
install_packages "${build_packages[@]}" libbenchmark-dev
if [ "$data" = "$packaged" ]; then install_packages dataset-fashion-mnist; fi

cmake -S . -B build -DBNN_TESTS=OFF -DBNN_BENCH=ON >/dev/null
cmake --build build -j "$(nproc)" --target bnn-program bnn-gradient-variance

checkpoints=()
for network in dense lenet; do
  build/bnn-train --config "tests/bench/gradient_variance_$network.json" --data "$data" \
    --out "$out/$network" --overwrite
  checkpoints+=("$out/$network/checkpoints/last.safetensors")
done
for checkpoint in "${checkpoints[@]}"; do build/bnn-eval "$checkpoint" --data "$data" | sed -n 1,13p; done
build/bnn-gradient-variance "${checkpoints[@]}" --data "$data" --out "$out" \
  --batch-sizes 1,4,16,64,256,1024
echo "wrote $out/gradient_variance.csv and $out/gradient_variance.svg"
