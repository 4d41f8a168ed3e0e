"""Files that were damaged or forged, against every reader of files that others may have made."""

from __future__ import annotations

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from corruption.base import CHECKPOINT, PNG, make_run
from corruption.programs import attack
from harness import tiny
from harness.memory_folder import memory_folder
from harness.proof import Outcome, Part, Proof

FORGED = {"checkpoint": 1_000_000, "calibration": 150_000, "features": 150_000, "cache": 50_000}
FORGED_QUICK = {"checkpoint": 2500, "calibration": 2000, "features": 2000, "cache": 500}
SLICE = 5000            # forged files of one process
PROGRAMS_OF_SLICE = 5   # of these, the programs get so many themselves
STEP_QUICK = 197        # of damages
# A cache has much room for its head, in which nothing lies.
STEPS = {"cache": 16}
TIMEOUT = 1800


@dataclass(frozen=True)
class Slice:
    subject: str
    way: str     # flips, cuts or forged
    numbers: str
    step: int = 1

    def words(self, part: Part) -> list[str]:
        return [f"--{self.way}", self.numbers, "--step", str(self.step), "--seed", str(part.seed)]


def all_slices(part: Part) -> list[Slice]:
    slices = []
    for subject, count in (FORGED_QUICK if part.is_quick else FORGED).items():
        step = STEP_QUICK if part.is_quick else STEPS.get(subject, 1)
        slices += [Slice(subject, way, "all", step) for way in ("flips", "cuts")]
        size = min(SLICE, count)
        slices += [Slice(subject, "forged", f"{first}:{first + size}")
                   for first in range(0, count, size)]
    return slices


class Bench:
    """A run, and the program that gives its files to the readers."""

    def __init__(self, part: Part, memory: Path):
        self.part, self.memory = part, memory
        self.run = part.folder / "base"
        self.run.mkdir()
        make_run(part, self.run)

    def give(self, piece: Slice, name: str, *words: str | Path) -> tuple[dict[str, int], list[str]]:
        """The counts of a slice, and its findings."""
        of = PNG if piece.subject == "cache" else CHECKPOINT
        done = tiny.run([self.part.program("bnn-proof-corruption"), piece.subject, of,
                         *piece.words(self.part), "--folder", self.memory / name, *words],
                        self.run, TIMEOUT)
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr.decode() or f"ended with {done.returncode}")
        *lines, last = [json.loads(line) for line in done.stdout.splitlines()]
        return last, [f"{piece.subject} --{piece.way} {line['number']}:{line['number'] + 1} "
                      f"--seed {self.part.seed}: {line['wrong']}" for line in lines]

    def try_programs(self, piece: Slice, name: str) -> tuple[int, list[str]]:
        """How many files the programs got, and what did not hold."""
        if (piece.subject, piece.way) != ("checkpoint", "forged"):
            return 0, []
        folder = self.part.folder / name
        shutil.copytree(self.run, folder)
        first = int(piece.numbers.partition(":")[0])
        found = []
        for number in range(first, first + PROGRAMS_OF_SLICE):
            one = Slice(piece.subject, piece.way, f"{number}:{number + 1}")
            counts, _ = self.give(one, name, "--write", folder / "forged")
            found += [f"checkpoint --forged {one.numbers} --seed {self.part.seed}: {what}"
                      for what in attack(self.part, folder, folder / "forged",
                                         counts["refused"] == 1)]
        shutil.rmtree(folder)
        return PROGRAMS_OF_SLICE, found

    def check_control(self) -> list[str]:
        """The proof itself works: damage that a digest does not show is found."""
        found = []
        for subject in ("checkpoint", "calibration", "features"):
            counts, _ = self.give(Slice(subject, "flips", "all", STEP_QUICK), "control", "--seal")
            if counts["found"] == 0:
                found.append(f"the control, a {subject} whose digest is made right after each "
                             "flipped bit, was not found out")
        return found


def run(part: Part) -> Outcome:
    outcome = Outcome()
    with memory_folder(part.folder) as memory, ThreadPoolExecutor(os.cpu_count()) as pool:
        bench = Bench(part, memory)
        outcome.findings += bench.check_control()
        slices = list(enumerate(part.own(all_slices(part))))
        sums: dict[str, int] = {}
        for piece, (counts, found) in zip(
                slices, pool.map(lambda piece: bench.give(piece[1], f"slice-{piece[0]}"), slices)):
            outcome.tried += counts["tried"]
            outcome.findings += found
            for key in ("tried", "accepted", "not_finite", "too_large"):
                what = f"{piece[1].way} {key}"
                sums[what] = sums.get(what, 0) + counts[key]
        runs = 0
        for count, found in pool.map(
                lambda piece: bench.try_programs(piece[1], f"programs-{piece[0]}"), slices):
            runs += count
            outcome.findings += found
    outcome.detail = ", ".join(f"{count} {key}" for key, count in sums.items() if count) + (
        f"; the programs got {runs} of the forged checkpoints themselves")
    return outcome


PROOF = Proof(name="corruption", order=6, unit="damaged or forged files", full=0, parts=4,
              minutes=40, run=run)
