"""Numbers that are not finite: in every layer, gradient, weight and optimizer, and from without."""

from __future__ import annotations

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import tiny
from harness.memory_folder import memory_folder
from harness.proof import Outcome, Part, Proof
from numerical_faults import edits, settings

GRID_SHARES = 8           # processes of a part, one after the other on each processor
GRID_STEP_QUICK = 1201
QUICK = 24                # edits, and hard settings
TIMEOUT = 3000


def give(part: Part, file: Path, *words: str) -> tuple[dict[str, int], list[str]]:
    """The counts of a share of the grid, and its findings."""
    done = tiny.run([part.program("bnn-proof-faults"), *words, "--file", file], part.folder, TIMEOUT)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode() or f"ended with {done.returncode}")
    *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
    return last, [f"--cases {line['number']}:{line['number'] + 1}: {line['wrong']}"
                  for line in lines]


def check_control(part: Part, memory: Path) -> list[str]:
    """The grid itself works: it finds the layer that hides NaN."""
    counts, found = give(part, memory / "control", "--control", "--step", "50")
    return [] if counts["found"] > 0 and all("control" in what for what in found) else [
        "the control, a layer that hides NaN, was not found out"]


def run_grid(part: Part, memory: Path, pool: ThreadPoolExecutor, outcome: Outcome) -> str:
    shares = 2 if part.is_quick else GRID_SHARES
    step = GRID_STEP_QUICK if part.is_quick else part.count * shares
    firsts = [part.seed, part.seed + step // 2] if part.is_quick else [
        part.index - 1 + part.count * share for share in range(shares)]
    sums: Counter[str] = Counter()
    for counts, found in pool.map(
            lambda first: give(part, memory / f"grid-{first}", "--first", str(first),
                               "--step", str(step)), firsts):
        sums.update(counts)
        outcome.findings += found
    outcome.tried += sums["tried"]
    return (f"grid: {sums['tried']} faults, {sums['stopped']} stopped, {sums['not_saved']} refused "
            f"by the checkpoint's writer, {sums['finite']} without effect on a number's being finite")


def chosen(part: Part, cases: list) -> list:  # type: ignore[type-arg]
    own = part.own(cases)
    return own[part.seed % 7::max(1, len(own) // QUICK)] if part.is_quick else own


def run(part: Part) -> Outcome:
    outcome = Outcome()
    with memory_folder(part.folder) as memory, ThreadPoolExecutor(os.cpu_count()) as pool:
        outcome.findings += check_control(part, memory)
        grid = run_grid(part, memory, pool, outcome)
        edited = chosen(part, edits.all_edits(part))
        for found in pool.map(lambda case: edits.attack(part, case[1], memory / f"edit-{case[0]}"),
                              enumerate(edited)):
            outcome.findings += found
        hard = chosen(part, settings.all_hard())
        ends: Counter[str] = Counter()
        for end, found in pool.map(
                lambda case: settings.attack(part, case[1], memory / f"hard-{case[0]}"),
                enumerate(hard)):
            ends[end] += 1
            outcome.findings += found
    outcome.tried += len(edited) + len(hard)
    outcome.detail = (f"{grid}; {len(edited)} edited checkpoints; {len(hard)} hard trainings, of "
                      f"which {ends['0']} ended with 0, {ends['7']} with 7, {ends['3']} with 3")
    return outcome


PROOF = Proof(name="numerical_faults", order=11, unit="faults", full=0, parts=2, minutes=50, run=run)
