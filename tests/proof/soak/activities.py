"""What goes on: two trainings, evaluations and predictions, a worker that is fed, and libbnn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO

from harness import tiny
from harness.images import write_class_folders
from soak.watched import Activity, Program, Repeated, close_input, terminate

STOPPED = 143
BATCH = 20
LAYERS: list[dict[str, object]] = [
    {"type": "conv2d_flipout", "filters": 8, "kernel_size": 3, "padding": "same"},
    {"type": "batch_normalization", "activation": "relu"},
    {"type": "max_pooling2d", "pool_size": 2}, {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": tiny.CLASSES}]
DENSE: list[dict[str, object]] = [
    {"type": "flatten"}, {"type": "dense_flipout", "units": 256, "activation": "relu"},
    {"type": "dense_flipout", "name": "logits", "units": tiny.CLASSES}]


def lines_of(path: Path) -> Callable[[], int]:
    """How many epochs of training a file of metrics has."""
    state = {"place": 0, "lines": 0}

    def count() -> int:
        if path.exists():
            with path.open("rb") as file:
                file.seek(state["place"])
                text = file.read()
            state["place"] += len(text)
            state["lines"] += text.count(b'"event":"train"')
        return state["lines"]
    return count


def send(to: IO[bytes], paths: list[str]) -> bool:
    """False when the input was closed."""
    try:
        to.write("".join(f"{path}\n" for path in paths).encode())
        to.flush()
    except (OSError, ValueError):
        return False
    return True


def is_answer(line: bytes, is_error: bool) -> bool:
    try:
        return ("error" in json.loads(line)) == is_error
    except ValueError:
        return False


class Bench:
    """Data, a trained network, and the programs."""

    def __init__(self, build: Path, folder: Path):
        self.build, self.folder = build, folder
        tiny.write_data(folder / "data", examples=400)
        write_class_folders(folder / "photos", classes=1, images=10)
        self.write_config("steps", tiny.config(LAYERS, epochs=10**6, batch_size=BATCH, optimizer={
            "type": "adam", "learning_rate": 0.0001}, ema_decay=0.99))
        self.write_config("saves", tiny.config(DENSE, epochs=10**6, batch_size=BATCH, checkpoint_steps=1))
        self.last = folder / "run" / "checkpoints" / "last.safetensors"
        words = [*self.train("steps"), "--epochs", "1", "--out", str(folder / "run")]
        done = tiny.run(words, folder)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: code {done.returncode}: {done.stderr.decode()}")

    def write_config(self, name: str, content: dict[str, object]) -> None:
        content["data"] |= {"augment": {"flip_horizontal": True, "crop_padding": 1}}  # type: ignore[operator]
        tiny.write_config(self.folder / f"{name}.json", content)

    def program(self, name: str) -> str:
        return str(self.build / name)

    def train(self, name: str) -> list[str]:
        return [self.program("bnn-train"), "--config", str(self.folder / f"{name}.json"), "--data",
                str(self.folder / "data"), "--quiet", "--threads", "1", "--set", "data.validation=40"]

    def training(self, name: str, *options: str) -> Activity:
        out = self.folder / f"run-{name}"
        return Program(f"training, {name}", "epochs", [*self.train(name), "--out", str(out), *options], self.folder,
                       STOPPED, terminate, lines_of(out / "metrics.jsonl"))

    def short_programs(self) -> Activity:
        folder = self.folder / "short"
        folder.mkdir()
        common = ["--quiet", "--threads", "1"]
        return Repeated("evaluations and predictions", [
            [self.program("bnn-eval"), str(self.last), "--data", str(self.folder / "data"), *common, "--samples", "4",
             "--bootstrap", "50", "--report", "report.html", "--save-samples", "samples.npy"],
            [self.program("bnn-predict"), str(self.last), str(self.folder / "photos"), *common,
             "--output", "all.jsonl"],
            [self.program("bnn-export"), str(self.last), "--output", "network.onnx", "--quiet"]], folder)

    def worker(self) -> Activity:
        """One bnn-predict that answers paths on its standard input; some of them lead nowhere."""
        paths = [str(path) for path in sorted((self.folder / "photos").rglob("*.png"))] + ["nowhere.png"]

        def serve(to: IO[bytes], answers: IO[bytes], count: Callable[[], None]) -> None:
            while send(to, paths):
                for path in paths:
                    line = answers.readline()
                    if not line:
                        return  # the input was closed
                    if not is_answer(line, path == "nowhere.png"):
                        worker.wrong.append(f"{worker.name}: of {Path(path).name} it says {line[:200]!r}")
                        return
                    count()
        words = [self.program("bnn-predict"), str(self.last), "--inputs-from", "-", "--skip-errors", "--quiet",
                 "--threads", "1", "--samples", "4"]
        worker = Program("bnn-predict as a worker", "images", words, self.folder, 0, close_input, serve=serve)
        return worker

    def library(self) -> Activity:
        words = [self.program("bnn-proof-soak"), str(self.last), "2"]
        return rounds_of("libbnn", words, self.folder)

    def all(self) -> list[Activity]:
        return [self.training("steps", "--tensorboard"), self.training("saves"), self.short_programs(),
                self.worker(), self.library()]


def rounds_of(name: str, words: list[str], folder: Path) -> Activity:
    """A program that prints how many rounds it has done, and ends when its input is closed."""
    rounds = {"done": 0}

    def serve(_: IO[bytes], answers: IO[bytes], __: Callable[[], None]) -> None:
        for line in answers:
            rounds["done"] = int(line)
    return Program(name, "rounds", words, folder, 0, close_input, lambda: rounds["done"], serve)
