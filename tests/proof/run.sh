#!/usr/bin/env bash
# Attacks what bnn promises, and says what held. README.md beside this file says what each proof shows.
#
#   ./tests/proof/run.sh --quick [NAME ...]              a small share of each, without the ledger: minutes
#   ./tests/proof/run.sh NAME --part K/N [--seed S]      one part of N, with a row in ledger.csv
#   ./tests/proof/run.sh [NAME ...] [--minutes M]        the parts that the ledger lacks for this source
#   ./tests/proof/run.sh --list                          what the ledger has for this source, and lacks
#
# --minutes M starts no part that would end later. --build DIR is a folder of built programs (default:
# build/, which is built first). --folder DIR gets what the proofs write (default: build/proof).
set -euo pipefail
cd "$(dirname "$0")/../.."

build='' only_asks='' names=()
for ((i = 1; i <= $#; i++)); do
  case ${!i} in
    --build) next=$((i + 1)) build=${!next-missing} ;;  # proofs.py complains if it is
    --list | --help | -h) only_asks=yes ;;
    *) if [[ -e tests/proof/${!i}/proof.py ]]; then names+=("${!i}"); fi ;;
  esac
done

. tests/install_packages.sh
install_packages python3
# Quick proofs need nothing else. At full strength a proof's folder names what it needs.
if [[ -z $only_asks && " $* " != *' --quick '* ]]; then
  [ ${#names[@]} -gt 0 ] || names=('*')
  install_packages $(for name in "${names[@]}"; do cat tests/proof/$name/packages 2>/dev/null; done)
fi
if [[ -z $build && -z $only_asks ]]; then
  install_packages "${build_packages[@]}" libopenmpi-dev openmpi-bin
  cmake -S . -B build -DBNN_PROOFS=ON -DBNN_MPI=ON >/dev/null
  cmake --build build -j "$(nproc)" --target bnn-program bnn-train-mpi bnn-proofs
fi
exec /usr/bin/python3 tests/proof/proofs.py "$@"
