#!/usr/bin/env bash
# What tests/package.sh runs on the clean Debian: the installed programs, on images made here.
#
#   package_in_root.sh VERSION
set -euo pipefail

fail() { echo "package_in_root.sh: error: $*" >&2; exit 1; }

cd "$(mktemp -d)"

# repeat TEXT COUNT
repeat() { local i; for ((i = 0; i < $2; ++i)); do printf '%b' "$1"; done; }

# write_images NAME COUNT: images of 8 x 8 in pairs, a dark one of class 0 and a bright one of class 1.
write_images() {
  local count dark bright
  count=$(printf '\\x%02x' "$2")
  dark=$(repeat '\\x10' 64) bright=$(repeat '\\xd0' 64)
  { printf '\x00\x00\x08\x03\x00\x00\x00%b\x00\x00\x00\x08\x00\x00\x00\x08' "$count"
    repeat "$dark$bright" $(($2 / 2)); } >"$1-images-idx3-ubyte"
  { printf '\x00\x00\x08\x01\x00\x00\x00%b' "$count"; repeat '\x00\x01' $(($2 / 2)); } >"$1-labels-idx1-ubyte"
}

for program in bnn $(bnn --help | sed -n "s/^  \([a-z]*\) .*/bnn-\1/p"); do
  [ -f "/usr/share/man/man1/$program.1.gz" ] || fail "$program has no manual page"
  [ -e "/usr/share/bash-completion/completions/$program" ] || fail "$program has no completion for bash"
  [ -e "/usr/share/fish/vendor_completions.d/$program.fish" ] || fail "$program has no completion for fish"
  printed=$("$program" --version | head -n 1)
  [ "$printed" = "$program $1" ] || fail "--version prints '$printed', expected '$program $1'"
  gunzip -c "/usr/share/man/man1/$program.1.gz" | grep -q "^\.TH .*\"bnn $1\"" ||
    fail "the page of $program does not name version $1"
done
[ -f /usr/share/zsh/vendor-completions/_bnn ] || fail "there is no completion for zsh"
grep -q MIT /usr/share/doc/bnn/copyright || fail "there is no copyright file"
. /usr/share/bash-completion/completions/bnn-train
complete -p bnn-train >/dev/null || fail "bash has no completion of bnn-train"

mkdir images
(cd images && write_images train 80 && write_images t10k 40)
bnn-train --init images >config.json 2>/dev/null
bnn-train --config config.json --data images --out run --epochs 20 --quiet
bnn-eval run/checkpoints/last.safetensors --data images >evaluation.txt
bnn-predict run/checkpoints/last.safetensors images/t10k-images-idx3-ubyte --format csv --output predictions.csv
bnn-compare run >/dev/null
bnn-export run/checkpoints/last.safetensors --output network.onnx --quiet
[ -s network.onnx ] || fail "bnn-export did not write a file"
ldconfig -p | grep -q libbnn.so.0 || fail "the system does not find libbnn"
[ -f /usr/include/bnn.h ] && [ -f /usr/lib/python3/dist-packages/bnn.py ] || fail "libbnn is not whole"
[ "$(wc -l <predictions.csv)" -eq 41 ] || fail "bnn-predict did not write a line for each image"
bnn-train --config /usr/share/bnn/configs/fashion-mnist-quickstart.json --print-config >/dev/null
grep -i -m 1 accuracy evaluation.txt
