"""The run of torch_train.py: its command and its row."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from places import Places
from process import run as run_program
from runs import Run

sys.path.append(str(Path(__file__).parent.parent / "speed"))
from torch_setup import KEEP_MEMORY, WAITING  # noqa: E402


def torch_command(run: Run, places: Places, threads: int, samples: int,
                  cpu_minutes: float) -> list[str]:
    """A process of its own in the peers' virtual environment. Waiting threads sleep, so that
    processor time is work; freed memory stays, as PyTorch is faster so."""
    folder = places.evaluation(run)
    variables = {**WAITING["sleep"], **KEEP_MEMORY, "OMP_NUM_THREADS": str(threads)}
    script = os.path.relpath(Path(__file__).parent / "torch_train.py")
    return ["env", *(f"{name}={value}" for name, value in variables.items()),
            str(places.python), script, str(folder / "config.json"), str(places.cifar),
            str(folder), "--cpu-minutes", f"{cpu_minutes:g}", "--samples", str(samples),
            "--threads", str(threads)]


def train_torch(run: Run, places: Places, threads: int, samples: int, cpu_minutes: float) -> None:
    """Trains and evaluates from the start; an interrupted attempt is lost."""
    folder = places.evaluation(run)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "torch.json").exists():
        return
    run_program([str(places.build / "bnn-train"), "--config", run.config, *run.overrides(),
                 "--seed", str(run.seed), "--data", str(places.cifar), "--print-config"],
                folder / "config.json")
    run_program(torch_command(run, places, threads, samples, cpu_minutes), folder / "log.txt")


def torch_columns(run: Run, places: Places) -> dict[str, object]:
    """What the script wrote."""
    row = json.loads((places.evaluation(run) / "torch.json").read_text())
    return {**row, "seconds_per_epoch": 60 * row["minutes"] / max(row["epochs"], 1e-9),
            "note": "split, initial values and order of its own"}
