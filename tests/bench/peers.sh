#!/usr/bin/env bash
# Compares the speed of training with PyTorch and TensorFlow Probability from PyPI, each as a user
# would install and run it, in the fastest of its ways. Writes a table (peers.md) and every run
# (peers.json).
#
#   ./tests/bench/peers.sh OUT VENV [--rounds N] [--threads N ...] [--networks NAME ...]
#
# OUT gets the results. VENV is a folder outside of this tree for the peers' Python packages, 8 GB,
# installed if it does not exist. Seven rounds with one and two threads take some three hours on two
# cores; nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=${1:?usage: tests/bench/peers.sh OUT VENV [options]} venv=${2:?usage: tests/bench/peers.sh OUT VENV [options]}

. tests/install_packages.sh
install_packages "${build_packages[@]}" python3-venv python3-dev

if [[ ! -x $venv/bin/python ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet torch "tensorflow-cpu==2.18.*" "tf-keras==2.18.*" \
    "tensorflow-probability==0.25.*"
fi
cmake -S . -B build -DBNN_TESTS=OFF >/dev/null
cmake --build build -j "$(nproc)" --target bnn-program
"$venv/bin/python" tests/bench/peers/peers.py "$out" --python "$venv/bin/python" --build bnn=build \
  "${@:3}"
echo "wrote $out/peers.json and $out/peers.md"
