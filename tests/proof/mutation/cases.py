"""The cases of bnn-tests in the order in which a mutant meets them: near and quick ones first."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path

from mutation.base import TESTED, Base

# What these test does not depend on the arithmetic: the source tree, texts, files.
INDEPENDENT = ("tree", "core", "config", "files", "process", "embedding", "mpi")
# Where else the tests of a room are.
ALSO = {"train": ("determinism",), "exchange": ("determinism",), "layers": ("model",)}
QUICK, SLOW = 0.5, 10.0  # seconds
CASE = re.compile(r"^(?P<name>\S.*?)\s*\t@\S*?tests/(?P<room>\w+)/[\w.]+[:(]\d+")
DURATION = re.compile(r"^(?P<seconds>\d+\.\d+) s: (?P<name>.*)$")


@dataclass(frozen=True)
class Case:
    name: str
    room: str
    seconds: float


@dataclass(frozen=True)
class Batch:
    title: str
    cases: list[Case]
    is_far: bool = False  # needs all tests and the programs

    @property
    def timeout(self) -> float:
        return 30 + 3 * sum(case.seconds for case in self.cases)

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.title.replace(' ', '-')}.txt"
        path.write_text("".join(f"{escaped(case.name)}\n" for case in self.cases))
        return path


def escaped(name: str) -> str:
    """As Catch2 reads it: a comma would end the name, and no case would run."""
    return re.sub(r'([\\,\["])', r"\\\1", name)


def rooms_of(base: Base) -> dict[str, str]:
    """The room of each case, by its name."""
    text = subprocess.run([str(base.folder / "bnn-tests"), "--list-test-names-only", "-v", "high"],
                          capture_output=True, text=True, check=False).stdout
    return {match["name"]: match["room"] for match in map(CASE.match, text.splitlines()) if match}


def measure(base: Base) -> list[Case]:
    """All cases with their seconds, measured once. Raises RuntimeError if one does not run, or fails
    twice on the unchanged tree: it would kill every mutant."""
    known = base.folder / "cases.json"
    tests = base.folder / "bnn-tests"
    if known.exists() and known.stat().st_mtime > tests.stat().st_mtime:
        return [Case(**entry) for entry in json.loads(known.read_text())]
    rooms = {name: room for name, room in rooms_of(base).items() if room not in INDEPENDENT}
    listed = Batch("all", [Case(name, room, 0) for name, room in rooms.items()]).write(base.folder)
    words = [str(tests), "--input-file", str(listed)]
    done = subprocess.run([*words, "--durations", "yes"], cwd=base.folder, capture_output=True,
                          text=True, check=False)
    seconds: dict[str, float] = {}
    for match in map(DURATION.match, done.stdout.splitlines()):
        if match and match["name"] in rooms:
            seconds[match["name"]] = seconds.get(match["name"], 0) + float(match["seconds"])
    if missed := [name for name in rooms if name not in seconds]:
        raise RuntimeError(f"bnn-tests did not run '{missed[0]}'")
    lines = set(done.stdout.splitlines())
    cases = [Case(name, rooms[name], value) for name, value in seconds.items()]
    for case in cases:
        if case.name in lines and not passes_alone(base, case):  # Catch2 names what fails
            raise RuntimeError(f"'{case.name}' fails on the unchanged tree")
    known.write_text(json.dumps([asdict(case) for case in cases], indent=1))
    return cases


def passes_alone(base: Base, case: Case) -> bool:
    listed = Batch("one", [case]).write(base.folder)
    words = [str(base.folder / "bnn-tests"), "--warn", "NoTests", "--input-file", str(listed)]
    return subprocess.run(words, cwd=base.folder, capture_output=True, check=False).returncode == 0


def batches(cases: list[Case], room: str) -> list[Batch]:
    """The room's cases, then those of the other numerical rooms, then those that run programs."""
    own = (room, *ALSO.get(room, ()))
    near = [case for case in cases if case.room in own]
    numerical = [case for case in cases if case.room in TESTED and case.room not in own]
    far = [case for case in cases if case.room not in TESTED]

    def batch(title: str, of: list[Case], least: float, below: float) -> Batch:
        return Batch(title, [case for case in of if least <= case.seconds < below])

    every = [batch("quick of its room", near, 0, QUICK),
             batch("slow of its room", near, QUICK, SLOW),
             batch("quick numerical", numerical, 0, QUICK),
             batch("slow numerical", numerical, QUICK, SLOW),
             batch("slowest of its room", near, SLOW, inf),
             batch("slowest numerical", numerical, SLOW, inf),
             Batch("with programs", far, True)]
    return [batch for batch in every if batch.cases]
