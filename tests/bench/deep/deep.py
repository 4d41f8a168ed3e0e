"""Runs what ../deep.sh asks for: trains, evaluates, appends rows to the CSV, renews the pages.

A run with a row in the CSV is skipped. Another goes on where it stopped: training from its last
checkpoint, evaluation behind the answers that are there.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import pages
from evaluation import Effort, evaluate, evaluation_columns
from machine import commit, processor
from places import Places
from process import NOT_FINITE, Failed, Stopped, stop_on_signals
from results import append_row, read_rows
from runs import RUNS, TORCH_CPU_MINUTES, Run
from small_data import small_places
from torch_peer import torch_columns, torch_command, train_torch
from training import epochs_of, planned_epochs, train, train_command, training_columns

HERE = Path(__file__).parent
QUICK = (("training.epochs", 1), ("data.validation", 64), ("training.kl.annealing_epochs", 0),
         ("training.learning_rate_schedule.warmup_epochs", 0))


def quick(run: Run) -> Run:
    """The same run, with one epoch of few images."""
    return replace(run, sets=tuple({**dict(run.sets), **dict(QUICK)}.items()))


class Session:
    """One call of the script."""

    def __init__(self, places: Places, options: argparse.Namespace) -> None:
        self.places, self.csv, self.threads = places, options.csv, options.threads
        self.effort = Effort(2, 1, ("contrast",)) if options.quick else Effort()
        self.torch_minutes = 0.05 if options.quick else TORCH_CPU_MINUTES
        self.deadline = time.monotonic() + 60 * options.minutes

    def command(self, run: Run) -> str:
        """What made the network, without this machine's folders."""
        if run.members:
            words = ["bnn-eval", *(str(self.places.best(name)) for name in run.members)]
        elif run.is_torch:
            words = torch_command(run, replace(self.places, python=Path("python")), self.threads,
                                  self.effort.samples, self.torch_minutes)
        else:
            words = train_command(run, self.places, self.threads)
        return self.places.portable(words)

    def obstacle(self, run: Run) -> str:
        """Why a run cannot begin now, or nothing."""
        missing = [name for name in run.members
                   if name not in read_rows(self.csv) or not self.places.best(name).exists()]
        if missing:
            return "waits for " + ", ".join(missing)
        if run.is_torch and self.places.python is None:
            return "needs PyTorch: name a virtual environment by --venv"
        if time.monotonic() + 60 * self.minutes_left(run) > self.deadline:
            return f"does not fit: about {self.minutes_left(run):.0f} minutes"
        return ""

    def minutes_left(self, run: Run) -> float:
        """Of the guess, what the epochs that are done leave."""
        done = len(epochs_of(self.places.folder(run)))
        planned = planned_epochs(self.places.folder(run))
        return run.minutes * (1 - min(done / planned, 1)) if planned else run.minutes

    def finish(self, run: Run) -> None:
        """Trains, evaluates and appends the row."""
        row = {"name": run.name, "command": self.command(run), "commit": commit(),
               "processor": processor(), "threads": self.threads}
        try:
            row.update(self.columns(run))
        except Failed as failed:
            if failed.code != NOT_FINITE:
                raise
            row["note"] = "training ended: a number is not finite"
        append_row(self.csv, row)

    def columns(self, run: Run) -> dict[str, object]:
        """The work itself, and what it gave."""
        if run.is_torch:
            train_torch(run, self.places, self.threads, self.effort.samples, self.torch_minutes)
            return torch_columns(run, self.places)
        trained = {}
        if not run.members:
            train(run, self.places, self.threads)
            trained = training_columns(run, self.places)
        evaluate(run, self.places, self.effort, self.threads)
        return {**trained, **evaluation_columns(run, self.places, read_rows(self.csv))}


def list_runs(session: Session, runs: list[Run]) -> None:
    """Prints what is done and what is left."""
    rows = read_rows(session.csv)
    for run in runs:
        state = f"about {session.minutes_left(run):.0f} minutes left"
        if run.name in rows:
            is_same = rows[run.name]["command"] == session.command(run)
            state = "done" if is_same else "done, by another command than the present one"
        print(f"{run.name:40} {state}")


def work(session: Session, runs: list[Run]) -> int:
    """Finishes what is left; the exit code."""
    code = 0
    for run in runs:
        if run.name in read_rows(session.csv):
            print(f"{run.name}: done before", flush=True)
            continue
        obstacle = session.obstacle(run)
        if obstacle:
            print(f"{run.name}: {obstacle}", flush=True)
            continue
        print(f"{run.name}: begins or goes on, in {session.places.folder(run)}", flush=True)
        try:
            session.finish(run)
            print(f"{run.name}: done", flush=True)
        except Failed as failed:
            print(f"error: {run.name}: {failed}", file=sys.stderr)
            code = 1
        except (Stopped, KeyboardInterrupt):
            print(f"{run.name}: stopped; the same command goes on", file=sys.stderr)
            return 130
    return code


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deep.sh", description=__doc__)
    parser.add_argument("cifar", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("build/bench/deep"))
    parser.add_argument("fashion", type=Path, nargs="?",
                        default=Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--build", type=Path, default=Path("build"), help="of the programs")
    parser.add_argument("--venv", type=Path, help="with PyTorch")
    parser.add_argument("--only", nargs="+", choices=[run.name for run in RUNS], metavar="NAME")
    parser.add_argument("--list", action="store_true", help="what is done and what is left")
    parser.add_argument("--minutes", type=float, default=1e9, help="start no run beyond them")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one epoch of few images, own CSV")
    options = parser.parse_args()
    options.csv = options.out / "quick" / "results.csv" if options.quick else HERE / "results.csv"
    return options


def main() -> int:
    """Reads the command line, works, and renews the pages."""
    options = parse()
    stop_on_signals()
    python = options.venv / "bin" / "python" if options.venv else None
    places = Places(options.build, options.cifar, options.fashion, options.out, python)
    runs = [run for run in RUNS if not options.only or run.name in options.only]
    if options.quick:
        places = small_places(replace(places, out=options.out / "quick"))
        runs = [quick(run) for run in runs]
    session = Session(places, options)
    if options.list:
        list_runs(session, runs)
        return 0
    code = work(session, runs)
    pages.write(options.csv, places.out if options.quick else HERE.parent)
    return code


if __name__ == "__main__":
    sys.exit(main())
