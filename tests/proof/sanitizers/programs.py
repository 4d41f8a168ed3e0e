"""Whole programs under ThreadSanitizer and under valgrind's memcheck."""

from __future__ import annotations

import os
from pathlib import Path

from determinism.networks import config_of, covering
from harness import tiny
from harness.build import build_tree
from harness.proof import Outcome, Part
from sanitizers.controls import FIXED_ADDRESSES

LAST = "run/checkpoints/last.safetensors"
MEMCHECK = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite"]


def commands(folder: Path, threads: int) -> list[list[str]]:
    """A training, an evaluation and a prediction."""
    general = ["--quiet", "--threads", str(threads)]
    program = str(folder / "bnn")
    return [[program, "train", "--config", "config.json", "--out", "run", "--overwrite", *general],
            [program, "eval", LAST, "--bootstrap", "5", *general],
            [program, "predict", LAST, "images", *general]]


def run_all(outcome: Outcome, prefix: list[str], folder: Path, place: Path, title: str,
            threads: int) -> None:
    for words in commands(folder, threads):
        done = tiny.run([*prefix, *words], place, 1200,
                        env={**os.environ, "TSAN_OPTIONS": "exitcode=66"})
        outcome.tried += 1
        if done.returncode != 0:
            text = done.stderr.decode(errors="replace")[-2000:].replace("\n", " / ")
            outcome.findings.append(f"{title}, {words[1]}: exit {done.returncode}: {text}")


def under_tsan(part: Part, place: Path) -> Outcome:
    """Networks in which every pair of two choices occurs, on 2 to 8 threads."""
    outcome = Outcome()
    choices = covering(part.seed)
    for number, choice in enumerate(choices):
        folder = part.folder / f"network-{number}"
        tiny.write_data(folder)
        tiny.write_config(folder / "config.json", config_of(choice))
        run_all(outcome, FIXED_ADDRESSES, place / "thread", folder, str(choice), 2 + number % 7)
    outcome.detail = f"{len(choices)} networks trained, evaluated, predicted under TSan"
    return outcome


def under_memcheck(part: Part, place: Path) -> Outcome:
    """Valgrind knows no AVX-512, so the build is the portable one."""
    build_tree(place / "portable", "-DCMAKE_BUILD_TYPE=Release", "-DBNN_NATIVE=OFF", "-DBNN_TESTS=OFF",
          "-DBNN_LIBRARY=OFF", targets=("bnn-program",))
    outcome = Outcome()
    choices = covering(part.seed)[:4]
    for number, choice in enumerate(choices):
        folder = part.folder / f"network-{number}"
        tiny.write_data(folder)
        tiny.write_config(folder / "config.json", config_of(choice))
        run_all(outcome, MEMCHECK, place / "portable", folder, str(choice), 2)
    outcome.detail = f"{outcome.tried} programs under valgrind's memcheck"
    return outcome
