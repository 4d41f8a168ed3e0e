"""Evaluation by bnn-eval, and the columns that it fills.

The held-out images come first: 32 samples for the numbers, four on corrupted copies for the choice of
the score that detects images of another kind. The test images come last, once: what bnn-eval says is
kept, and not asked again.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from places import Places
from process import run as run_program
from results import SCORES, number
from runs import Run


@dataclass(frozen=True)
class Effort:
    """How much is done; less in a quick trial."""

    samples: int = 32
    corrupted_samples: int = 4
    corruptions: tuple[str, ...] = ()  # all


def evaluate(run: Run, places: Places, effort: Effort, threads: int) -> None:
    """Asks bnn-eval what is not known yet."""
    folder = places.evaluation(run)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints = [str(places.best(name)) for name in run.members or (run.name,)]
    common = [str(places.build / "bnn-eval"), *checkpoints, "--format", "json",
              "--data", str(places.data(run)), "--threads", str(threads), "--quiet"]
    held_out = [*common, "--split", "validation", "--bootstrap", "0"]
    if not run.members:  # members hold out images of their own
        ask([*held_out, "--samples", str(effort.samples)], folder / "heldout.json")
        if not run.is_compared:
            ask([*held_out, "--samples", str(effort.corrupted_samples),
                 *places.other_images(run), "--corrupt", *effort.corruptions],
                folder / "corrupted.json")
    samples = folder / "test_samples.npy"
    test = [*common, "--samples", str(effort.samples), "--save-samples", str(samples)]
    ask(test if run.is_compared else [*test, *places.other_images(run)], folder / "test.json")
    if samples.exists():
        np.save(folder / "test_probabilities.npy", np.load(samples).mean(axis=0))
        samples.unlink()


def ask(command: list[str], answer: Path) -> None:
    """Runs bnn-eval unless the answer is there."""
    if not answer.exists():
        run_program(command, answer)


def evaluation_columns(run: Run, places: Places, rows: dict[str, dict[str, str]]) -> dict:
    """What the answers say; `rows` are those of the members of an ensemble."""
    folder = places.evaluation(run)
    test = json.loads((folder / "test.json").read_text())
    columns = {name: test[name] for name in ("accuracy", "nll", "ece")}
    if "mean_weights" in test:
        columns.update({f"mean_weights_{name}": test["mean_weights"][name]
                        for name in ("accuracy", "nll", "ece")})
    if (folder / "heldout.json").exists():
        held_out = json.loads((folder / "heldout.json").read_text())
        columns.update({f"heldout_{name}": held_out[name] for name in ("accuracy", "nll", "ece")})
    if run.is_compared:
        return columns
    corrupted = member_means(run, rows) if run.members else corrupted_means(folder)
    found = {name: test["ood"][name]["auroc"] for name in SCORES if name in test["ood"]}
    score = max((name for name in corrupted if name in found), key=corrupted.__getitem__)
    return {**columns, "score": score, "auroc": found[score],
            **{f"corrupted_{name}": value for name, value in corrupted.items()},
            **{f"auroc_{name}": value for name, value in found.items()}}


def corrupted_means(folder: Path) -> dict[str, float]:
    """The AUROC of each score for corrupted held-out images, mean over kinds and severities."""
    answer = json.loads((folder / "corrupted.json").read_text())
    aurocs = [entry["auroc"] for entry in answer["corruptions"]]
    return {name: statistics.mean(entry[name] for entry in aurocs)
            for name in SCORES if name in aurocs[0]}


def member_means(run: Run, rows: dict[str, dict[str, str]]) -> dict[str, float]:
    """The mean over the members, each on the images that it held out."""
    means = {}
    for name in SCORES:
        values = [number(rows[member], f"corrupted_{name}") for member in run.members]
        if None not in values:
            means[name] = statistics.mean(values)
    return means
