#!/usr/bin/env bash
# Trains and evaluates deep Bayesian networks: ResNet-20 on CIFAR-10, LeNet-5 on Fashion-MNIST, their
# ensembles, and short runs that differ in one factor, one of them in PyTorch. Adds a row for each
# finished run to tests/bench/deep/results.csv, and renews tables and pictures beside README.md.
#
#   ./tests/bench/deep.sh CIFAR [OUT [FASHION]] [--list] [--only NAME ...] [--minutes N] [--venv DIR]
#     [--threads N] [--build DIR] [--quick]
#
# CIFAR is the folder of CIFAR-10's binary files (data_batch_1.bin …). OUT gets runs, answers of
# bnn-eval and test probabilities (default: build/bench/deep). What has a row is skipped, and what
# was stopped (Ctrl-C) goes on. --list says what is left. --minutes starts no run that would end later.
# --venv is a folder outside of this tree for PyTorch, which is installed if it does not exist. Without
# it that run is left out. --build is a folder of built programs. --quick takes a minute: one epoch of
# few images, with a CSV, tables and pictures in OUT/quick. All runs take about fifteen hours on two
# cores.
set -euo pipefail
cd "$(dirname "$0")/../.."

: "${1:?usage: ./tests/bench/deep.sh CIFAR [OUT [FASHION]] [options]}"
build='' venv=''
for ((i = 1; i < $#; i++)); do
  case ${!i} in
    --build) next=$((i + 1)) build=${!next} ;;
    --venv) next=$((i + 1)) venv=${!next} ;;
  esac
done

. tests/install_packages.sh
install_packages python3 python3-numpy dataset-fashion-mnist
if [[ -z $build ]]; then
  install_packages "${build_packages[@]}"
  cmake -S . -B build -DBNN_TESTS=OFF >/dev/null
  cmake --build build -j "$(nproc)" --target bnn-program
fi
if [[ -n $venv && ! -x $venv/bin/python ]]; then
  install_packages python3-venv
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet torch numpy
fi
exec /usr/bin/python3 tests/bench/deep/deep.py "$@"
