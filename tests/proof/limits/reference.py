"""What the tasks give without a limit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from harness import tiny
from limits.start import Ended, start
from limits.tasks import BY_OPENBLAS, LONG, TASKS, Places, Task, train

STEPS = 4
LAYERS: list[dict[str, object]] = [
    {"type": "conv2d_flipout", "filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"},
    {"type": "max_pooling2d", "pool_size": 2},
    {"type": "flatten"},
    {"type": "dense_flipout", "units": 40, "activation": "relu"},
    {"type": "dense_flipout", "name": "logits", "units": tiny.CLASSES}]


@dataclass
class Result:
    """What a task leaves: the bytes of its files, and of standard output."""

    out: bytes
    files: dict[str, bytes | str]


@dataclass
class Reference:
    places: Places
    results: dict[str, Result] = field(default_factory=dict)
    checkpoints: set[str] = field(default_factory=set)  # digests of all that a run saves on its way
    checkpoint_bytes: int = 0


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def regular(path: Path) -> bytes:
    """A link may lead to a device that never ends."""
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""


def run_content(run: Path) -> dict[str, bytes | str]:
    files: dict[str, bytes | str] = {name: regular(run / name) for name in (
        "config.json", "checkpoints/last.safetensors", "checkpoints/best.safetensors")}
    metrics = run / "metrics.jsonl"
    files["metrics.jsonl"] = json.dumps(tiny.timeless_metrics(metrics)) if regular(metrics) else ""
    return files


def result_of(task: Task, places: Places, out: bytes) -> Result:
    if task.trains:
        return Result(out, run_content(places.work / "run"))
    return Result(out, {name: regular(places.work / name) for name in task.writes + task.keeps})


def run_freely(words: list[str], places: Places, task: Task) -> Ended:
    source = places.given / task.input if task.input else None
    return start(words, places.given, source, timeout=120)


def must_run(words: list[str], places: Places, task: Task) -> Ended:
    ended = run_freely(words, places, task)
    if ended.code != 0:
        raise RuntimeError(f"without a limit, {' '.join(words)} ends with {ended.code}: {ended.err}")
    return ended


def write_given(places: Places) -> None:
    places.given.mkdir(parents=True)
    tiny.write_data(places.given)
    tiny.write_data(places.given / "other", seed=2)
    (places.given / "other" / "images").rename(places.given / "other-images")
    content = tiny.config(LAYERS, checkpoint_steps=1, optimizer={"type": "adam", "learning_rate": 0.01})
    tiny.write_config(places.given / "config.json", content)
    for name, options in (("run", ()), ("stopped", ("--max-steps", "2")), ("other", ("--seed", "2"))):
        TASKS[0].lay(places)
        must_run(train(places, *options), places, TASKS[0])
        target = places.given / name
        if target.exists():
            (target / "labels").unlink()
            target.rmdir()
        (places.work / "run").rename(target)


def make_reference(places: Places) -> Reference:
    write_given(places)
    reference = Reference(places)
    for step in range(STEPS + 1):
        TASKS[0].lay(places)
        must_run(train(places, "--max-steps", str(step)) if step else train(places, "--epochs", "0"),
                 places, TASKS[0])
        for path in (places.work / "run" / "checkpoints").iterdir():
            reference.checkpoints.add(digest(path.read_bytes()))
    for task in [*TASKS, *BY_OPENBLAS, LONG]:
        task.lay(places)
        ended = must_run(task.words(places), places, task)
        reference.results[task.name] = result_of(task, places, ended.out)
    reference.results["mpi"] = reference.results["train"]
    last = reference.results["train"].files["checkpoints/last.safetensors"]
    reference.checkpoint_bytes = len(last)
    return reference
