#!/usr/bin/env bash
# Compares the speed of training and prediction with PyTorch on the same networks. Checks first that
# both compute the same function. Writes a table (speed.md) and every run (speed.json).
#
#   ./tests/bench/speed.sh [OUT [--repeats N]]
#
# OUT gets the results (default: build/bench/speed). Takes about 40 minutes on two cores; nothing
# else should run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=${1:-build/bench/speed}
python=/usr/bin/python3  # Debian's packages are for this one

. tests/install_packages.sh
install_packages "${build_packages[@]}" libbenchmark-dev python3-torch python3-numpy

cmake -S . -B build -DBNN_TESTS=OFF -DBNN_BENCH=ON >/dev/null
cmake --build build -j "$(nproc)" --target bnn-program bnn-microbench
mkdir -p "$out"
"$python" tests/bench/speed/speed.py "$out" --build build "${@:2}"
echo "wrote $out/speed.json and $out/speed.md"
