"""Scenarios that nothing disturbs, to compare with."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from attacked.scenarios import Scenario, prepare, traced
from harness import tiny
from harness.proof import NotPossible, Part

NO_TRACER = 125  # the tracer's exit code where the system does not let it trace


@dataclass(frozen=True)
class Reference:
    """Folders before and after a command, and the names of the calls that count, in their order."""

    scenario: Scenario
    before: Path
    after: Path
    calls: tuple[str, ...]
    warnings: int  # lines of its stderr


def warnings_of(done: subprocess.CompletedProcess[bytes]) -> int:
    return done.stderr.count(b"warning: ")


def run_in(folder: Path, words: list[str], timeout: float = 60
           ) -> subprocess.CompletedProcess[bytes]:
    return tiny.run(words, folder, timeout)


def place_of(part: Part, scenario: Scenario) -> Path:
    return part.folder / "references" / scenario.title.replace("/", "-")


def require_traced(scenario: Scenario, done: subprocess.CompletedProcess[bytes]) -> None:
    """A command that nothing disturbs ends with 0, where the system lets it be traced."""
    if done.returncode == NO_TRACER:
        raise NotPossible(done.stderr.decode().strip())
    if done.returncode != 0:
        raise RuntimeError(f"{scenario.title}: {done.stderr.decode()}")


def measure(part: Part, scenario: Scenario, *options: str) -> Reference:
    """Counts the calls that the tracer counts with these options."""
    before, after = (place_of(part, scenario) / name for name in ("before", "after"))
    prepare(part, scenario, before)
    shutil.copytree(before, after)
    calls = place_of(part, scenario) / "calls.txt"
    done = run_in(after, traced(part, scenario, *options, "--list", str(calls)))
    require_traced(scenario, done)
    names = tuple(line.split()[1] for line in calls.read_text().splitlines())
    return Reference(scenario, before, after, names, warnings_of(done))
