#!/usr/bin/env bash
# Attacks bnn-train-mpi under Open MPI and MPICH, and prints a line for each thing that held: killed ranks
# and resumed runs, signals, ranks that hang, wrong launchers, differences between ranks, ranks that fail
# alone, processors with vectors of another width (in an emulator), and two hosts (network namespaces).
#
#   ./tests/mpi.sh [--kills N] [--seed S] [--only PART ...]
#
# N is the number of SIGKILLs (default: 100). Parts: kills, signals, stalls, launchers, differences, alone,
# vectors, hosts. Two hosts need root and a system that makes network namespaces; without them that part
# is left out and said so. It builds twice, in build-mpi/, and takes about 20 minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

. tests/install_packages.sh
install_packages "${build_packages[@]}" libopenmpi-dev openmpi-bin libmpich-dev mpich python3 qemu-user iproute2

# The portable programs, since ranks of any processor must run them.
for mpi in openmpi mpich; do
  cmake -S . -B "build-mpi/$mpi" -DBNN_MPI=ON -DMPI_C_COMPILER="mpicc.$mpi" -DBNN_NATIVE=OFF -DBNN_TESTS=OFF \
    -DBNN_LIBRARY=OFF >/dev/null
  cmake --build "build-mpi/$mpi" -j "$(nproc)"
done
exec /usr/bin/python3 tests/mpi/attack/attack.py build-mpi "$@"
