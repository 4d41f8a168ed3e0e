#!/usr/bin/env bash
# Seeds and learning rates on one machine with GNU parallel. Called again after an interruption, it
# goes on where it was:
#
#     sweep.sh CONFIG DATA RUNS
#
# Then the runs stand beside each other, and the three seeds of a rate are evaluated as an ensemble,
# each job with a part of the images.
set -euo pipefail

config=$1 data=$2 runs=$3

parallel --will-cite --jobs 100% bnn-train --config "$config" --data "$data" --threads 1 --quiet \
  --seed {1} --set training.optimizer.learning_rate={2} --out "$runs/rate-{2}-seed-{1}" \
  --resume-or-start ::: 0 1 2 ::: 0.001 0.003
bnn-compare "$runs"/rate-*

for rate in 0.001 0.003; do
  echo
  echo "Three seeds of learning rate $rate as an ensemble:"
  parallel --will-cite --jobs 100% bnn-eval "$runs/rate-$rate"-seed-*/checkpoints/last.safetensors \
    --data "$data" --threads 1 --quiet --part {}/4 --output "$runs/$rate-{}.part" ::: 1 2 3 4
  bnn-eval --merge "$runs/$rate"-*.part
done
