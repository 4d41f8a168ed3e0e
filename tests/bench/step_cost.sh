#!/usr/bin/env bash
# Measures the time of a training step against batch size, filters and samples, and the time of a
# prediction against samples. Writes a table (CSV) and a plot (SVG).
#
#   ./tests/bench/step_cost.sh [OUT [THREADS]]
#
# OUT gets the results (default: build/bench). Takes a few minutes, building included.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=${1:-build/bench} threads=${2:-1}

. tests/install_packages.sh
install_packages "${build_packages[@]}" libbenchmark-dev

cmake -S . -B build -DBNN_TESTS=OFF -DBNN_BENCH=ON >/dev/null
cmake --build build -j "$(nproc)" --target bnn-step-cost
build/bnn-step-cost --out "$out" --threads "$threads"
echo "wrote $out/step_cost.csv and $out/step_cost.svg"
