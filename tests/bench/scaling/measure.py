"""Seconds, bytes and messages of a training step in several processes on this machine.

A step's time is the difference of a long and a short run, so that starting and reading do not count.
Rounds alternate over all numbers of ranks, and the median of the rounds counts.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

RANKS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Network:
    name: str
    config: str
    is_cifar: bool
    steps: int  # of the long run beyond the short one

    def data(self, cifar: str) -> str:
        return cifar if self.is_cifar else "/usr/share/datasets/fashion-mnist"


NETWORKS = (Network("LeNet-5", "configs/fashion-mnist-lenet5.json", False, 150),
            Network("six convolutions", "configs/cifar10-cnn.json", True, 60),
            Network("ResNet-20", "configs/cifar10-resnet20.json", True, 36))
SHORT = 4  # steps


@dataclass(frozen=True)
class Load:
    """A network with a batch and shards on so many ranks."""

    kind: str  # "strong": the same batch on all ranks; "weak": as many examples for each
    network: Network
    ranks: int

    @property
    def shards(self) -> int:
        return 8 if self.kind == "strong" else 2 * self.ranks

    @property
    def batch(self) -> int:
        return 16 * self.shards


LOADS = tuple(Load(kind, network, ranks) for network in NETWORKS for kind in ("strong", "weak")
              for ranks in RANKS)


class Machine:
    """Runs the programs of a build."""

    def __init__(self, build: Path, out: Path, cifar: str):
        self.build, self.out, self.cifar = build, out, cifar

    def run(self, load: Load, steps: int) -> tuple[float, int, int]:
        """Seconds, bytes and messages of a whole run."""
        words = ["mpirun", "-np", str(load.ranks), "--bind-to", "none",
                 str(self.build / "bnn-train-mpi"), "--config", load.network.config,
                 "--data", load.network.data(self.cifar), "--out", str(self.out / "run"),
                 "--overwrite", "--threads", "1", "--verbose", "--max-steps", str(steps),
                 "--set", "data.validation=0", "--set", f"training.batch_size={load.batch}",
                 "--set", f"training.shards={load.shards}"]
        begin = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begin
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}\n{done.stderr}")
        sent = re.search(r"sent (\d+) bytes in (\d+) messages", done.stderr)
        return seconds, int(sent[1]) if sent else 0, int(sent[2]) if sent else 0

    def step(self, load: Load) -> tuple[float, float, float]:
        """Seconds, bytes and messages of one step."""
        short, more = self.run(load, SHORT), self.run(load, SHORT + load.network.steps)
        return tuple((b - a) / load.network.steps for a, b in zip(short, more))


def parameters(machine: Machine, network: Network) -> int:
    """Floats of the gradient, as --dry-run counts them."""
    text = subprocess.run([str(machine.build / "bnn-train"), "--config", network.config, "--data",
                           network.data(machine.cifar), "--dry-run"], capture_output=True, text=True,
                          check=True).stdout
    return int(re.search(r"^total +([\d,]+)", text, re.MULTILINE)[1].replace(",", ""))


def measure(machine: Machine, rounds: int) -> list[dict[str, object]]:
    """A row for each load."""
    seen: dict[Load, list[tuple[float, float, float]]] = {load: [] for load in LOADS}
    for round_number in range(rounds):
        for load in LOADS:
            seen[load].append(machine.step(load))
            print(f"round {round_number + 1}/{rounds}  {load.network.name}  {load.kind}  "
                  f"{load.ranks} ranks  {1000 * seen[load][-1][0]:.1f} ms", flush=True)
    floats = {network: parameters(machine, network) for network in NETWORKS}
    return [{"network": load.network.name, "kind": load.kind, "ranks": load.ranks,
             "batch": load.batch, "shards": load.shards, "gradient_floats": floats[load.network],
             "seconds_per_step": round(statistics.median(s for s, _, _ in steps), 6),
             "bytes_per_step": round(steps[0][1]), "messages_per_step": round(steps[0][2], 2)}
            for load, steps in seen.items()]
