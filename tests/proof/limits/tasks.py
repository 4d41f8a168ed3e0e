"""What is done under a limit: each program with all that it writes, and what lies there before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness import mpi


@dataclass(frozen=True)
class Places:
    """Absolute, and the same for every case, since some outputs name them."""

    programs: Path  # the built ones, or faulty stand-ins
    given: Path  # data, configs, finished runs; nothing writes there
    work: Path  # what a task reads and writes, fresh for every case

    def program(self, name: str) -> str:
        return str(self.programs / name)


@dataclass(frozen=True)
class Task:
    name: str
    words: Callable[[Places], list[str]]
    # Copied into the folder of work before: (what of `given`, its name there).
    bed: tuple[tuple[str, str], ...] = ()
    writes: tuple[str, ...] = ()  # files that appear whole, with the same bytes in every run
    keeps: tuple[str, ...] = ()  # the same, for later programs; it ends well without them
    trains: bool = False  # writes the folder `run`
    input: str = ""  # a file of `given` for standard input
    # What is run when the limit is lifted; the same words if there is nothing else.
    again: Callable[[Places], list[str]] | None = None
    launched: bool = False  # by mpirun, whose own messages are not judged

    def lay(self, places: Places) -> None:
        shutil.rmtree(places.work, ignore_errors=True)
        places.work.mkdir(parents=True)
        for source, name in self.bed:
            origin, target = places.given / source, places.work / name
            if origin.is_dir():
                shutil.copytree(origin, target)
            else:
                shutil.copy(origin, target)


def train(places: Places, *options: str) -> list[str]:
    return [f"{places.programs}/bnn-train", "--config", f"{places.given}/config.json", "--data",
            str(places.given), "--out", f"{places.work}/run", "--quiet", *options]


def train_again(places: Places) -> list[str]:
    return train(places, "--resume-or-start")


def train_long(places: Places) -> list[str]:
    return train(places, "--set", "training.checkpoint_steps=0", "--set",
                 "evaluation.validation_samples=9000", "--epochs", "8", "--resume-or-start")


def train_by_two(places: Places) -> list[str]:
    words = train(places, "--resume-or-start", "--threads", "1")
    return [*mpi.LAUNCH, "2", words[0] + "-mpi", *words[1:]]


def checkpoint(places: Places) -> str:
    return f"{places.work}/last.safetensors"


def evaluate(places: Places, *options: str) -> list[str]:
    return [f"{places.programs}/bnn-eval", checkpoint(places), "--data", str(places.given), "--quiet",
            *options]


def evaluate_everything(places: Places) -> list[str]:
    return evaluate(places, "--samples", "4", "--format", "json", "--bootstrap", "20", "--report",
                    f"{places.work}/report.html", "--save-samples", f"{places.work}/samples.npy",
                    "--prune", "0.5", "--corrupt", "contrast", "--ood", f"{places.given}/other-images")


def predict(places: Places, *options: str) -> list[str]:
    return [f"{places.programs}/bnn-predict", checkpoint(places), "--quiet", "--samples", "4", *options]


EVALUATED = (("run/checkpoints/last.safetensors", "last.safetensors"),)
TRAIN = Task("train", train, trains=True, again=train_again)
LONG = Task("long", train_long, trains=True)
TASKS = [
    TRAIN,
    Task("resume", lambda p: train(p, "--resume"), (("stopped", "run"),), trains=True,
         again=train_again),
    Task("overwrite", lambda p: train(p, "--overwrite"), (("other", "run"),), trains=True),
    Task("tensorboard", lambda p: train(p, "--tensorboard"), trains=True,
         again=lambda p: train(p, "--tensorboard", "--resume-or-start")),
    Task("eval", evaluate_everything, EVALUATED,
         ("report.html", "samples.npy"), keeps=("last.safetensors.features.safetensors",)),
    Task("part", lambda p: evaluate(p, "--samples", "4", "--part", "1/2", "--output", f"{p.work}/1.part"), EVALUATED,
         ("1.part",)),
    Task("calibrate", lambda p: evaluate(p, "--fit-calibration"), EVALUATED,
         ("last.safetensors.calibration.json",)),
    Task("features", lambda p: evaluate(p, "--fit-features"), EVALUATED,
         ("last.safetensors.features.safetensors",)),
    Task("predict", lambda p: predict(p, f"{p.given}/images", "--format", "csv", "--output",
                                      f"{p.work}/predictions.csv", "--save-samples",
                                      f"{p.work}/samples.npy"),
         EVALUATED, ("predictions.csv", "samples.npy")),
    Task("pipe", lambda p: predict(p, "-"), EVALUATED, input="images"),
    Task("compare", lambda p: [f"{p.programs}/bnn-compare", f"{p.given}/run", f"{p.given}/other",
                               "--html", f"{p.work}/comparison.html"], (), ("comparison.html",)),
    Task("export", lambda p: [f"{p.programs}/bnn-export", checkpoint(p), "--quiet", "--output",
                              f"{p.work}/network.onnx"], EVALUATED, ("network.onnx",))]
WITH_PRODUCTS = ("train", "tensorboard", "eval", "part", "calibrate", "features", "predict", "pipe")


def by_openblas(task: Task) -> Task:
    """The same with OpenBLAS's products, whose bits are others."""
    def words(places: Places) -> list[str]:
        return [*task.words(places), "--products", "openblas"]

    def again(places: Places) -> list[str]:
        return [*(task.again or task.words)(places), "--products", "openblas"]
    return replace(task, name=f"{task.name} by OpenBLAS", words=words, again=again)


BY_OPENBLAS = [by_openblas(task) for task in TASKS if task.name in WITH_PRODUCTS]
TWO_PROCESSES = Task("mpi", train_by_two, trains=True, launched=True)


def with_threads() -> list[Task]:
    """Those that take --threads and start some."""
    return [task for task in TASKS if task.name not in ("compare", "export")]


def tasks_named(*names: str) -> list[Task]:
    return [task for task in TASKS if task.name in names]
