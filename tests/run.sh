#!/usr/bin/env bash
# Installs what the tests need, builds the programs and passes every test.
#
#   ./tests/run.sh              release build, all tests
#   ./tests/run.sh --sanitize   the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   ./tests/run.sh --portable   the same for a build that runs on any x86-64 processor
set -euo pipefail
cd "$(dirname "$0")/.."

build=build options=(-DBNN_TESTS=ON -DBNN_MPI=ON)
case "${1:-}" in
  '') ;;
  --sanitize) build=build-sanitize options+=(-DBNN_SANITIZE=ON -DCMAKE_BUILD_TYPE=Sanitize) ;;
  --portable) build=build-portable options+=(-DBNN_NATIVE=OFF) ;;
  *) echo "tests/run.sh: error: unknown option '$1'; expected --sanitize, --portable or nothing" >&2; exit 2 ;;
esac

. tests/install_packages.sh
install_packages "${build_packages[@]}" catch2 libvalijson-dev parallel pkg-config python3-numpy chromium fonts-liberation\
  libopenmpi-dev openmpi-bin

cmake -S . -B "$build" "${options[@]}" >/dev/null
cmake --build "$build" -j "$(nproc)"
# Cases run side by side; what passed needs no line.
ctest --test-dir "$build" -j "$(nproc)" --output-on-failure |
  sed -u -E '/^ +Start +[0-9]+: /d; / Passed +[0-9.]+ sec *$/d'
