#!/usr/bin/env bash
# Compiles for 64-bit ARM with Debian's cross compiler, runs the numerical tests under qemu, and
# compares a training there with the same one on this x86-64 machine, bit for bit. Everything for
# ARM is in a Debian 12 of its own. It needs root for that, and takes an hour.
#
#   ./tests/arm64.sh                 all numerical rooms
#   ./tests/arm64.sh math layers     the tests of these folders
set -euo pipefail
cd "$(dirname "$0")/.."
rooms=("$@")
[ ${#rooms[@]} -gt 0 ] || rooms=(core math bayes layers model images data corruption train infer files checkpoint
  determinism)

if [ "$(id -u)" -ne 0 ]; then
  echo "tests/arm64.sh: error: run it as root, since it makes a Debian system in a folder" >&2
  exit 2
fi

. tests/install_packages.sh
. tests/debian_root.sh
install_packages "${build_packages[@]}" git debootstrap

commit=$(git rev-parse HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
root=$work/root
make_debian_root "$root"

echo "== cross compiler, emulator, and libraries of arm64"
arm_packages=()
for package in "${build_packages[@]}"; do
  case $package in
    g++) arm_packages+=(g++-aarch64-linux-gnu) ;;
    make | cmake | libcli11-dev | nlohmann-json3-dev) arm_packages+=("$package") ;;  # tools, and headers for all
    *) arm_packages+=("$package:arm64") ;;
  esac
done
in_root "$root" dpkg --add-architecture arm64
in_root "$root" apt-get update -qq
in_root "$root" apt-get install -y -qq --no-install-recommends "${arm_packages[@]}" qemu-user catch2:arm64 \
  libvalijson-dev >"$work/apt.log" 2>&1 || { tail -n 20 "$work/apt.log" >&2; exit 1; }

echo "== the build for ARM: ${rooms[*]}"
mkdir "$root/source"
git archive "$commit" | tar -x -C "$root/source"
list=$(IFS=';'; echo "${rooms[*]}")
in_root "$root" sh -c "cd /source && cmake --preset arm64 -DBNN_TEST_ROOMS='$list' >/dev/null &&
  cmake --build --preset arm64 -j $jobs"

echo "== the tests under qemu"
# Tests start programs too. A script in the place of each starts it in the emulator.
for program in "$root"/source/build-arm64/bnn-*; do
  [ -L "$program" ] || continue
  name=$(basename "$program")
  rm "$program"
  printf '#!/bin/sh\nexec qemu-aarch64 -0 %s /source/build-arm64/bnn "$@"\n' "$name" >"$program"
  chmod +x "$program"
done
# The one that is left out repeats a bootstrap 600 times, which takes half an hour in the emulator.
in_root "$root" sh -c 'cd /source/build-arm64 && qemu-aarch64 ./bnn-tests "~about 95 percent of data sets*"'

echo "== the same training on ARM and on x86-64"
git archive "$commit" | tar -x -C "$work" --one-top-level=x86
(cd "$work/x86" && cmake --preset package >/dev/null && cmake --build --preset package -j "$jobs" >/dev/null)
sh tests/arm64_training.sh "$work/x86" "$work/x86/build-package/bnn"
in_root "$root" sh /source/tests/arm64_training.sh /source qemu-aarch64 /source/build-arm64/bnn
cmp "$work/x86/weights" "$root/source/weights" ||
  { echo "tests/arm64.sh: error: ARM and x86-64 gave other weights" >&2; exit 1; }
echo "the same weights and moments on both: $(cksum <"$work/x86/weights" | cut -d ' ' -f 1)"
