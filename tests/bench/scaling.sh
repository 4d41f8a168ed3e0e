#!/usr/bin/env bash
# Measures bnn-train-mpi on one machine: strong and weak scaling over ranks, and what a rank sends in a
# step beside the formula. Writes tests/bench/scaling/measured.csv, models several hosts from it, and
# renews tables and picture beside README.md.
#
#   ./tests/bench/scaling.sh CIFAR [OUT] [--build DIR] [--rounds N] [--model-only]
#
# CIFAR is the folder of CIFAR-10's binary files. OUT gets runs (default: build/bench/scaling). --build
# is a folder of built programs with bnn-train-mpi. --model-only renews tables and picture from the CSV
# that is there. It takes about ten minutes on two cores, which should have nothing else to do.
set -euo pipefail
cd "$(dirname "$0")/../.."

: "${1:?usage: ./tests/bench/scaling.sh CIFAR [OUT] [options]}"
build=''
for ((i = 1; i < $#; i++)); do
  if [[ ${!i} == --build ]]; then next=$((i + 1)) build=${!next}; fi
done

. tests/install_packages.sh
install_packages python3 dataset-fashion-mnist openmpi-bin
if [[ -z $build ]]; then
  install_packages "${build_packages[@]}" libopenmpi-dev
  cmake -S . -B build -DBNN_TESTS=OFF -DBNN_MPI=ON >/dev/null
  cmake --build build -j "$(nproc)" --target bnn-program bnn-train-mpi
fi
# Open MPI starts no more processes than there are cores, and none as root, unless it is told to.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
exec /usr/bin/python3 tests/bench/scaling/scaling.py "$@"
