"""Prints the class of each image in a NumPy file and how sure the network is of it.

    python3 predict.py last.safetensors images.npy

The file holds images of one size: uint8, (n, height, width) or (n, height, width, channels).
"""

import sys

import numpy as np

import bnn


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: predict.py CHECKPOINT IMAGES.npy")
    model = bnn.Model(sys.argv[1])
    images = np.stack([model.fit_image(image) for image in np.load(sys.argv[2])])
    result = model.predict(images)
    names = model.class_names or [str(k) for k in range(model.classes)]
    for k, p, information in zip(result.predicted, result.probabilities,
                                 result.mutual_information):
        print(f"{names[k]}: probability {p[k]!r}, mutual information {information!r}")


if __name__ == "__main__":
    main()
