"""What varies while config, data and seed stay: how a run is executed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from determinism.comparison import (BYTES, NOTHING, TENSORS, Equality, compare_checkpoints,
                                    compare_texts)
from harness import mpi, tiny
from harness.proof import Part

LAST = "checkpoints/last.safetensors"


@dataclass(frozen=True)
class Place:
    """A folder with config.json, images and the run `whole`, which all others are compared with."""

    part: Part
    folder: Path
    steps: int  # of the run
    shards: int

    def run(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[bytes]:
        done = tiny.run(words, self.folder, seconds)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: code {done.returncode}: {done.stderr.decode()}")
        return done

    def train(self, program: list[str], out: str, *options: str) -> None:
        self.run(*program, "--config", "config.json", "--out", out, "--quiet", "--overwrite",
                 *options)

    def trainer(self) -> list[str]:
        return [self.part.program("bnn-train")]

    def compared(self, out: str) -> Equality:
        """Checkpoints and metrics of a run."""
        runs = self.folder / out, self.folder / "whole"
        equality = compare_checkpoints(*(run / LAST for run in runs))
        metrics = [tiny.timeless_metrics(run / "metrics.jsonl") for run in runs]
        if equality.level == BYTES and metrics[0] != metrics[1]:
            return Equality(TENSORS)
        return equality


@dataclass(frozen=True)
class Variation:
    """A row of the table. `compare` makes one comparison or several; what is impossible gives none."""

    name: str
    what: str  # is compared
    promise: str
    compare: Callable[[Place], Iterator[Equality]]


def threads(place: Place) -> Iterator[Equality]:
    for number in (1, 3, 4, 8, 16):
        place.train(place.trainer(), "other", "--threads", str(number))
        yield place.compared("other")


def one_cpu(place: Place) -> Iterator[Equality]:
    cpu = str(min(os.sched_getaffinity(0)))
    place.train(["taskset", "-c", cpu, *place.trainer()], "other", "--threads", "4")
    yield place.compared("other")


@contextmanager
def load() -> Iterator[None]:
    """Processes that take processor time."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def beside_load(place: Place) -> Iterator[Equality]:
    with load():
        place.train(place.trainer(), "other", "--threads", "2")
    yield place.compared("other")


def resume_points(place: Place) -> Iterator[Equality]:
    for step in range(1, place.steps):
        place.train(place.trainer(), "other", "--threads", "1", "--max-steps", str(step))
        place.run(*place.trainer(), "--resume", "--out", "other", "--quiet", "--threads", "3")
        yield place.compared("other")


def ranks(place: Place) -> Iterator[Equality]:
    for number in (1, 2, 4, 8):
        if number > place.shards:
            continue
        program = [*mpi.LAUNCH, str(number), place.part.program("bnn-train-mpi")]
        place.train(program, "other", "--threads", "1")
        yield place.compared("other")


def openblas(place: Place) -> Iterator[Equality]:
    place.train(place.trainer(), "other", "--products", "openblas")
    yield place.compared("other")


def answers(place: Place, *words: str) -> Iterator[Equality]:
    """Of a program on the whole run, with other numbers of threads."""
    def of(number: int) -> bytes:
        return place.run(place.part.program(words[0]), f"whole/{LAST}", *words[1:], "--quiet",
                         "--threads", str(number)).stdout
    expected = of(2)
    for number in (1, 3, 16):
        yield compare_texts(of(number), expected)


def evaluation(place: Place) -> Iterator[Equality]:
    return answers(place, "bnn-eval", "--format", "json", "--bootstrap", "20")


def prediction(place: Place) -> Iterator[Equality]:
    return answers(place, "bnn-predict", "images")


def parts_of_prediction(place: Place) -> Iterator[Equality]:
    words = [place.part.program("bnn-predict"), f"whole/{LAST}", "images", "--quiet"]
    whole = place.run(*words).stdout
    parts = [place.run(*words, "--part", f"{part}/3").stdout for part in (1, 2, 3)]
    yield compare_texts(b"".join(parts), whole)


VARIATIONS = (
    Variation("threads: 1, 3, 4, 8, 16", "training", BYTES, threads),
    Variation("4 threads on one CPU", "training", BYTES, one_cpu),
    Variation("beside a load", "training", BYTES, beside_load),
    Variation("stopped after each step and resumed, with other threads", "training", BYTES,
              resume_points),
    Variation("MPI ranks: 1, 2, 4, 8", "training", BYTES, ranks),
    Variation("products by OpenBLAS", "training", NOTHING, openblas),
    Variation("threads: 1, 3, 16", "evaluation", BYTES, evaluation),
    Variation("threads: 1, 3, 16", "prediction", BYTES, prediction),
    Variation("three parts, joined", "prediction", BYTES, parts_of_prediction))


def of_program(name: str, promise: str, program: list[str]) -> Variation:
    """Training by another program, such as another build, or this one in an emulator."""
    def compare(place: Place) -> Iterator[Equality]:
        place.train(program, "other", "--threads", "2")
        yield place.compared("other")
    return Variation(name, "training", promise, compare)
