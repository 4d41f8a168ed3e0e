#!/usr/bin/env bash
# Compares numbers, files and layers with those of the libraries from PyPI that people use. Prints
# tables; ends with 1 if a difference exceeds its tolerance. README.md beside this file says more.
#
#   ./tests/peers/run.sh [BUILD [VENV [OPTIONS]]]      # OPTIONS: --only readers layers …
#
# BUILD is a folder for the programs (default: build); the results go to BUILD/peers. VENV is a
# folder outside of this tree for the peers' Python packages, 8 GB, installed if it does not exist.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=${1:-build} venv=${2:-${XDG_CACHE_HOME:-$HOME/.cache}/bnn-peers}

. tests/install_packages.sh
install_packages "${build_packages[@]}" python3-venv

if [[ ! -e $venv/complete ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r tests/peers/requirements.txt
  touch "$venv/complete"
fi
cmake -S . -B "$build" -DBNN_TESTS=OFF -DBNN_PEERS=ON >/dev/null
cmake --build "$build" -j "$(nproc)" --target bnn-program bnn-layer-probe
mkdir -p "$build/peers"
"$venv/bin/python" tests/peers/main.py "$build" "$build/peers" "${@:3}"
