"""One run of PyTorch in a process of its own: trains on images in memory, prints images a second.

The network and the loss are those of ../speed/torch_port.py. Batches are slices of one array of
images that are standardized beforehand, so that nothing but the step counts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "speed"))
from networks import CLASSES, KINDS, LEARNING_RATE  # noqa: E402
from peer_networks import PEER_NETWORKS  # noqa: E402
from torch_port import build, loss_of  # noqa: E402

EXAMPLES = 50_000  # by which the KL is divided


def main() -> None:
    """Reads the command line and does one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=PEER_NETWORKS)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("variant", choices=("contiguous", "channels_last", "compile"))
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = PEER_NETWORKS[options.network]
    layout = torch.contiguous_format if options.variant == "contiguous" else torch.channels_last
    model = build(network, options.kind).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=True)
    shape = (network.batch_size, network.channels, network.size, network.size)
    batches = [torch.randn(shape).contiguous(memory_format=layout) for _ in range(4)]
    labels = torch.randint(0, CLASSES, (network.batch_size,))

    loss = torch.compile(loss_of) if options.variant == "compile" else loss_of

    def step(number: int) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(model, batches[number % len(batches)], labels, EXAMPLES).backward()
        optimizer.step()

    for number in range(3):
        step(number)
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < options.seconds:
        before = time.perf_counter()
        step(len(times))
        times.append(time.perf_counter() - before)
    print(network.batch_size / statistics.median(times))


if __name__ == "__main__":
    main()
