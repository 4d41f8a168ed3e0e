"""A run small enough to be repeated many times, and the programs that train it."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

EXAMPLES, SIDE, CLASSES = 60, 8, 10
PARTS = ("last", "best")


def write_data(folder: Path, seed: int = 1) -> None:
    """Images of noise with a bright band whose place is the label, as IDX files."""
    numbers = random.Random(seed)
    labels = [i % CLASSES for i in range(EXAMPLES)]
    pixels = bytearray()
    for label in labels:
        for row in range(SIDE):
            bright = 128 if row * CLASSES // SIDE == label else 0
            pixels += bytes(numbers.randrange(64) + bright for _ in range(SIDE))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images").write_bytes(struct.pack(">4I", 2051, EXAMPLES, SIDE, SIDE) + pixels)
    (folder / "labels").write_bytes(struct.pack(">2I", 2049, EXAMPLES) + bytes(labels))


def config(epochs: int) -> dict[str, object]:
    """Normalisation, shared weights, averaging, and enough weights to be cut among the ranks."""
    return {
        "name": "attacked",
        "data": {"format": "idx", "train": {"images": "images", "labels": "labels"},
                 "validation": 12},
        "model": {"input": {"height": SIDE, "width": SIDE, "channels": 1}, "layers": [
            {"type": "conv2d_flipout", "filters": 4, "kernel_size": 3, "padding": "same"},
            {"type": "batch_normalization", "activation": "relu"},
            {"type": "flatten"},
            {"type": "dense_flipout", "units": 64, "activation": "relu"},
            {"type": "dense_flipout", "name": "shared", "units": 64, "activation": "relu"},
            {"type": "dense_flipout", "name": "shared", "activation": "relu", "reuse": True},
            {"type": "dense_flipout", "name": "logits", "units": CLASSES}]},
        "training": {"epochs": epochs, "batch_size": 24, "checkpoint_steps": 3, "ema_decay": 0.9,
                     "kl": {"weight": 0.1}},
        "evaluation": {"samples": 4, "validation_samples": 2}}


@dataclass
class Programs:
    """Those of one MPI."""

    name: str
    build: Path

    @property
    def launcher(self) -> str:
        return f"/usr/bin/mpirun.{self.name}"

    @property
    def trainer(self) -> str:
        return str(self.build / "bnn-train-mpi")


class Workplace:
    """A folder with data, configs and runs."""

    def __init__(self, folder: Path, epochs: int):
        self.folder = folder
        write_data(folder)
        (folder / "config.json").write_text(json.dumps(config(epochs)))

    def words(self, out: str, more: list[str], data: str = ".") -> list[str]:
        return ["--config", "config.json", "--data", data, "--out", out, "--threads", "1", *more]

    def alone(self, programs: Programs, out: str, more: list[str]) -> None:
        subprocess.run([str(programs.build / "bnn-train"), *self.words(out, more), "--quiet"],
                       cwd=self.folder, check=True)

    def start(self, programs: Programs, ranks: int, out: str,
              more: list[str]) -> subprocess.Popen[str]:
        return self.launch([programs.launcher, "-np", str(ranks), programs.trainer,
                            *self.words(out, more)])

    def launch(self, words: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(words, cwd=self.folder, env=environment(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def result(self, out: str) -> list[bytes]:
        """The bytes of a run, without what depends on the clock."""
        run = self.folder / out
        files = [run / "checkpoints" / f"{part}.safetensors" for part in PARTS]
        metrics = re.sub(rb'"(examples_per_second|elapsed_seconds)":[^,}]*', b"",
                         (run / "metrics.jsonl").read_bytes())
        return [metrics, *[file.read_bytes() for file in files if file.exists()]]

    def step(self, out: str) -> int:
        """Of the last checkpoint."""
        path = self.folder / out / "checkpoints" / "last.safetensors"
        with path.open("rb") as file:
            header = file.read(struct.unpack("<Q", file.read(8))[0])
        return int(re.search(rb'\\"step\\":(\d+)', header)[1])

    def lines(self, out: str) -> int:
        path = self.folder / out / "metrics.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def wait_for_lines(self, out: str, lines: int) -> None:
        for _ in range(3000):
            if self.lines(out) >= lines:
                return
            time.sleep(0.01)
        raise AssertionError(f"{out}: no {lines} lines of metrics after 30 seconds")


def environment() -> dict[str, str]:
    """Open MPI starts no more ranks than CPUs, and none as root, unless it is told to."""
    return os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                         "OMPI_MCA_rmaps_base_oversubscribe": "1"}


def state(process: int) -> tuple[str, int]:
    """The letter of a process and its parent; "" if there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return "", 0
    letter, parent = text[text.rindex(")") + 2:].split()[:2]
    return letter, int(parent)


def ranks_of(launcher: int) -> list[int]:
    """The running trainers that descend from a launcher."""
    parents = {int(p.name): state(int(p.name)) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = []
    for process, (letter, _) in parents.items():
        ancestor = process
        while ancestor > 1 and ancestor != launcher:
            ancestor = parents.get(ancestor, ("", 0))[1]
        try:
            program = os.readlink(f"/proc/{process}/exe")
        except OSError:
            continue
        if ancestor == launcher and letter not in "ZX" and program.endswith("bnn-train-mpi"):
            found.append(process)
    return sorted(found)


def all_have_ended(processes: list[int], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while any(state(p)[0] not in ("", "Z", "X") for p in processes):
        if time.monotonic() > end:
            for process in processes:
                os.kill(process, signal.SIGKILL)
            return False
        time.sleep(0.02)
    return True
