"""A run small enough to be repeated many times, the programs that train it, and their processes."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "proof"))
from harness.tiny import CLASSES, SIDE, write_data  # noqa: E402

RANKS = (1, 2, 4, 8)
STEPS = ["--set", "training.checkpoint_steps=0"]  # no checkpoints but at the ends of epochs
PARTS = ("last", "best")


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

    def __init__(self, folder: Path, epochs: int, examples: int = 60):
        self.folder = folder
        self.launched: subprocess.Popen[str] | None = None
        write_data(folder, examples=examples)
        (folder / "config.json").write_text(json.dumps(config(epochs)))

    def end(self) -> None:
        """What a failure left behind."""
        processes = trainers_in(self.folder)
        if self.launched is not None and self.launched.poll() is None:
            processes.append(self.launched.pid)
        for process in processes:
            os.kill(process, signal.SIGKILL)

    def words(self, out: str, more: list[str], data: str = ".") -> list[str]:
        return ["--config", "config.json", "--data", data, "--out", out, "--threads", "1", *more]

    def alone(self, programs: Programs, out: str, more: list[str]) -> None:
        subprocess.run([str(programs.build / "bnn-train"), *self.words(out, more), "--quiet"],
                       cwd=self.folder, env=environment(), check=True)

    def start(self, programs: Programs, ranks: int, out: str,
              more: list[str]) -> subprocess.Popen[str]:
        return self.launch([programs.launcher, "-np", str(ranks), programs.trainer,
                            *self.words(out, more)])

    def go_on(self, programs: Programs, ranks: int, out: str, more: list[str]) -> None:
        """To the end, by bnn-train where there is one rank."""
        if ranks == 1:
            return self.alone(programs, out, more)
        run = self.start(programs, ranks, out, more)
        text = run.communicate(timeout=600)[0]
        assert run.returncode == 0, text

    def launch(self, words: list[str]) -> subprocess.Popen[str]:
        self.launched = subprocess.Popen(words, cwd=self.folder, env=environment(), text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return self.launched

    def result(self, out: str) -> list[bytes]:
        """The bytes of a run, without what depends on the clock."""
        run = self.folder / out
        files = [run / "checkpoints" / f"{part}.safetensors" for part in PARTS]
        metrics = re.sub(rb'"(examples_per_second|elapsed_seconds)":[^,}]*', b"",
                         (run / "metrics.jsonl").read_bytes())
        return [metrics, *[file.read_bytes() for file in files if file.exists()]]

    def last(self, out: str) -> tuple[bytes, bytes]:
        """The header of the last checkpoint, and its tensors."""
        data = (self.folder / out / "checkpoints" / "last.safetensors").read_bytes()
        begin = 8 + struct.unpack("<Q", data[:8])[0]
        return data[8:begin], data[begin:]

    def step(self, out: str) -> int:
        return int(re.search(rb'\\"step\\":(\d+)', self.last(out)[0])[1])

    def tensors(self, out: str) -> bytes:
        """Without the header, which names the kernels of OpenBLAS on rank 0, even where they are not used."""
        return self.last(out)[1]

    def lines(self, out: str) -> int:
        path = self.folder / out / "metrics.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def wait_for_lines(self, run: subprocess.Popen[str], out: str, lines: int) -> None:
        end = time.monotonic() + 60
        while self.lines(out) < lines:
            assert run.poll() is None, f"{out}: ended early: {run.communicate()[0]}"
            assert time.monotonic() < end, f"{out}: no {lines} lines of metrics after a minute"
            time.sleep(0.01)


def environment() -> dict[str, str]:
    """Open MPI starts no more ranks than CPUs, and none as root, unless it is told to. OpenBLAS chooses its kernels."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    return kept | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                   "OMPI_MCA_rmaps_base_oversubscribe": "1"}


def state(process: int) -> tuple[str, int]:
    """The letter of a process and its parent; "" if there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return "", 0
    letter, parent = text[text.rindex(")") + 2:].split()[:2]
    return letter, int(parent)


def ranks_of(launcher: int) -> dict[int, int]:
    """The process of each rank that descends from a launcher and runs, as far as it has begun."""
    parents = {int(p.name): state(int(p.name)) for p in Path("/proc").iterdir() if p.name.isdigit()}
    found = {}
    for process, (letter, _) in parents.items():
        ancestor = process
        while ancestor > 1 and ancestor != launcher:
            ancestor = parents.get(ancestor, ("", 0))[1]
        if ancestor != launcher or letter in ("Z", "X", ""):
            continue
        rank = rank_of(process)
        if rank is not None:
            found[rank] = process
    return found


def rank_of(process: int) -> int | None:
    """As the launcher told it to a trainer."""
    try:
        program = os.readlink(f"/proc/{process}/exe")
        variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    for variable in variables:
        name, _, value = variable.partition(b"=")
        if name in (b"OMPI_COMM_WORLD_RANK", b"PMI_RANK") and program.endswith("bnn-train-mpi"):
            return int(value)
    return None


def trainers_in(folder: Path) -> list[int]:
    """The processes that train in a folder, whoever started them."""
    found = []
    for process in (int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()):
        try:
            is_there = Path(os.readlink(f"/proc/{process}/cwd")) == folder
        except OSError:
            continue
        if is_there and rank_of(process) is not None and state(process)[0] not in ("Z", "X", ""):
            found.append(process)
    return found


def seconds_to_end(folder: Path, longest: float = 20) -> float:
    """Until no process trains in a folder. What goes on for longer is killed, and is a failure."""
    begin = time.monotonic()
    while processes := trainers_in(folder):
        if time.monotonic() - begin > longest:
            for process in processes:
                os.kill(process, signal.SIGKILL)
            raise AssertionError(f"{len(processes)} ranks go on after {longest:.0f} seconds")
        time.sleep(0.02)
    return time.monotonic() - begin


class Attack:
    """What all parts have."""

    def __init__(self, mpis: list[Programs], folder: Path, kills: int, seed: int):
        self.mpis, self.folder, self.kills = mpis, folder, kills
        self.random = random.Random(seed)
        self.places: list[Workplace] = []

    def place(self, name: str, epochs: int, examples: int = 60) -> Workplace:
        self.places.append(Workplace(self.folder / name, epochs, examples))
        return self.places[-1]

    def end(self) -> None:
        for place in self.places:
            place.end()

    def other_ranks(self, ranks: int) -> int:
        return self.random.choice([other for other in RANKS if other != ranks])


def tell(text: str) -> None:
    print(text, flush=True)
