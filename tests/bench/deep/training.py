"""Training: starts or continues a run, and reads what it took."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from places import Places
from process import read_cost, run_measured
from runs import Run


def train_command(run: Run, places: Places, threads: int) -> list[str]:
    """Of bnn-train."""
    return [str(places.build / "bnn-train"), "--config", run.config, *run.overrides(),
            "--seed", str(run.seed), "--data", str(places.data(run)),
            "--out", str(places.folder(run)), "--threads", str(threads), "--resume-or-start",
            "--quiet"]


def train(run: Run, places: Places, threads: int) -> None:
    """Trains, from where an earlier attempt stopped; a finished run is left as it is."""
    run_measured(train_command(run, places, threads), cost_file(run, places))


def cost_file(run: Run, places: Places) -> Path:
    """Where the time of all attempts is added up; beside the run folder, which bnn-train makes."""
    return places.out / f"{run.name}.cost.json"


def epochs_of(folder: Path) -> list[dict]:
    """The lines of metrics.jsonl about epochs of training."""
    path = folder / "metrics.jsonl"
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    return [line for line in lines if line["event"] == "train"]


def planned_epochs(folder: Path) -> int:
    """Those of a run that was begun, or 0."""
    path = folder / "config.json"
    return json.loads(path.read_text())["training"]["epochs"] if path.exists() else 0


def training_columns(run: Run, places: Places) -> dict[str, object]:
    """Epochs and times. Processor minutes are known if this script did all of the training; they
    hold data and validations too. The others are those of the epochs alone."""
    epochs = epochs_of(places.folder(run))
    seconds = [line["examples"] / line["examples_per_second"] for line in epochs]
    cost = read_cost(cost_file(run, places))
    is_complete = cost and cost["seconds"] >= sum(seconds)
    return {"epochs": len(epochs), "minutes": sum(seconds) / 60,
            "seconds_per_epoch": statistics.median(seconds),
            "cpu_minutes": cost["cpu_seconds"] / 60 if is_complete else ""}
