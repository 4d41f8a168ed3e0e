#!/bin/sh
# Trains a small network whose images are made of source text, and writes the numbers of its
# checkpoint, without the header that names the machine's kernels, to SOURCE/weights. Its activations
# are those that call no function of the C library for floats, which rounds differently on ARM.
#
#   arm64_training.sh SOURCE PROGRAM...
set -eu
cd "$1"
shift

# write_images NAME: 80 images of 16 x 16 bytes, and labels from 0 to 3.
write_images() {
  { printf '\000\000\010\003\000\000\000\120\000\000\000\020\000\000\000\020'
    cat src/*/*.cpp | head -c $((80 * 16 * 16)); } >"$1-images-idx3-ubyte"
  { printf '\000\000\010\001\000\000\000\120'
    for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do printf '\000\001\002\003'; done
  } >"$1-labels-idx1-ubyte"
}

write_images train
write_images t10k
cat >training.json <<'END'
{
  "name": "training",
  "data": {
    "format": "idx",
    "train": {"images": "train-images-idx3-ubyte", "labels": "train-labels-idx1-ubyte"},
    "test": {"images": "t10k-images-idx3-ubyte", "labels": "t10k-labels-idx1-ubyte"}
  },
  "model": {
    "input": {"height": 16, "width": 16, "channels": 1},
    "layers": [
      {"type": "conv2d_flipout", "filters": 8, "kernel_size": 5, "padding": "same", "activation": "relu"},
      {"type": "max_pooling2d", "pool_size": 2},
      {"type": "conv2d_flipout", "filters": 12, "kernel_size": 3, "activation": "leaky_relu"},
      {"type": "flatten"},
      {"type": "dense_flipout", "units": 20, "activation": "swish"},
      {"type": "dense_flipout", "units": 4}
    ]
  },
  "training": {"epochs": 5, "batch_size": 16, "seed": 7}
}
END
"$@" train --config training.json --data . --out run --overwrite --quiet
"$@" eval run/checkpoints/last.safetensors --data . --samples 4 --quiet >evaluation.txt

# A safetensors file begins with the length of its header, in eight bytes.
checkpoint=run/checkpoints/last.safetensors
header=$(od -An -t u8 -N 8 "$checkpoint" | tr -d ' ')
tail -c +$((9 + header)) "$checkpoint" >weights
