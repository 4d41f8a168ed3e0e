#!/usr/bin/env bash
# From a fresh clone to predictions with uncertainty: installs packages, builds, trains a Bayesian
# LeNet-5 on Fashion-MNIST, evaluates it and predicts a few images. It can be run again.
set -euo pipefail
cd "$(dirname "$0")"

data=/usr/share/datasets/fashion-mnist
out=runs/quickstart
say() { printf '\n== %s\n' "$*"; }

# "about 3 minutes left", from the seconds and the per cent so far; nothing as long as they say little.
time_left() {
  local seconds=$1 percent=$2 left
  if [ "$percent" -lt 5 ] || [ "$percent" -eq 100 ] || [ "$seconds" -lt 5 ]; then return; fi
  left=$((seconds * (100 - percent) / percent))
  if [ "$left" -lt 60 ]; then
    echo ", less than a minute left"
  elif [ "$left" -lt 90 ]; then
    echo ", about 1 minute left"
  else
    echo ", about $(((left + 30) / 60)) minutes left"
  fi
}

# Reads the lines of make, which begin with "[ 37%]". Rewrites one line on a terminal, and prints
# one for every tenth elsewhere.
show_build() {
  local started=$SECONDS next=0 step=10 line percent text
  if [ -t 1 ]; then step=1; fi
  while IFS= read -r line; do
    if ! [[ $line =~ ^\[\ *([0-9]+)%\] ]]; then continue; fi
    percent=${BASH_REMATCH[1]}
    if [ "$percent" -lt "$next" ]; then continue; fi
    next=$((percent - percent % step + step))
    text="built $percent %$(time_left $((SECONDS - started)) "$percent")"
    if [ -t 1 ]; then printf '\r%-50s' "$text"; else echo "$text"; fi
  done
  if [ -t 1 ]; then printf '\r%-50s\r' ""; fi
}

say "Installing packages"
. tests/install_packages.sh
install_packages "${build_packages[@]}" dataset-fashion-mnist
echo "all installed"

say "Building bnn-train, bnn-eval and bnn-predict (a few minutes)"
cmake -S . -B build -DBNN_TESTS=OFF >/dev/null
cmake --build build -j "$(nproc)" --target bnn-program 2>&1 | tee build/quickstart.log | show_build ||
  { tail -n 20 build/quickstart.log; echo "error: the build failed; build/quickstart.log has all of it" >&2; exit 1; }
echo "built build/bnn-train, build/bnn-eval and build/bnn-predict"

say "Training a flipout LeNet-5 on the 60,000 images of Fashion-MNIST"
build/bnn-train --config configs/fashion-mnist-quickstart.json --data "$data" --out "$out" --overwrite

say "Evaluating it on the 10,000 test images"
build/bnn-eval "$out/checkpoints/last.safetensors" --report "$out/report.html"

say "Predicting five images: class, confidence, and where the uncertainty comes from"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The header of an IDX file (16 bytes) with its count replaced by 5, then five images.
{ printf '\x00\x00\x08\x03\x00\x00\x00\x05\x00\x00\x00\x1c\x00\x00\x00\x1c'
  gunzip -c "$data/t10k-images-idx3-ubyte.gz" 2>/dev/null | tail -c +$((17 + 784 * 20)) | head -c $((784 * 5)); } \
  >"$work/five-images" || true
build/bnn-predict "$out/checkpoints/last.safetensors" "$work/five-images" --format csv --top-k 2 |
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i
             printf "%-6s %-12s %10s   %-12s %11s %9s %9s\n", "image", "class", "confidence", "second", "uncertainty", "data", "model"; next }
           { printf "%-6s %-12s %9.1f%%   %-12s %11.3f %9.3f %9.3f\n", $column["index"], $column["class"],
             100 * $column["confidence"], $column["top_2"], $column["predictive_entropy"],
             $column["expected_entropy"], $column["mutual_information"] }'
echo "(uncertainty is the predictive entropy in nats: its part in the data plus its part in the model)"

say "Done. The run is in $out; $out/report.html is a page to look at. Next: README.md, configs/, bnn-train --help"
