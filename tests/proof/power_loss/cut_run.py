"""A run of which everything was recorded, and what cuts of the power leave of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

from attacked.reference import place_of, run_in
from attacked.scenarios import Scenario, prepare, traced
from attacked.states import files_of, is_growing, is_temporary
from harness.proof import Part
from power_loss.cuts import State, states
from power_loss.disk import Disk, Operation, operations


@dataclass(frozen=True)
class CutRun:
    scenario: Scenario
    before: dict[str, bytes]
    folders: tuple[str, ...]  # there before
    after: Path
    operations: tuple[Operation, ...]

    def disk(self) -> Disk:
        return Disk(self.before, list(self.folders))


def record(part: Part, scenario: Scenario) -> CutRun:
    place = place_of(part, scenario)
    folder = place / "after"
    prepare(part, scenario, folder)
    before = {str(path.relative_to(folder)): path.read_bytes()
              for path in folder.rglob("*") if path.is_file()}
    folders = tuple(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir())
    done = run_in(folder, traced(part, scenario, "--below", str(folder), "--calls", "changes",
                                 "--record", str(place / "record")))
    if done.returncode != 0:
        raise RuntimeError(f"{scenario.title}: {done.stderr.decode()}")
    return CutRun(scenario, before, (".", *folders), folder,
                  tuple(operations(place / "record", folder)))


def unseen(run: CutRun) -> list[str]:
    """Files that the recorded operations do not make as they are: then a change was not seen."""
    disk = run.disk()
    for operation in run.operations:
        disk.run(operation)
    replayed = {name: content for name, content in disk.contents().items()
                if not is_temporary(Path(name))}
    there = files_of(run.after)
    return [f"{run.scenario.title}: {name} changed by a call that was not recorded"
            for name in sorted(replayed.keys() | there.keys()) if replayed.get(name) != there.get(name)]


def key_of(state: State) -> Hashable:
    """Equal for states that differ in the bytes of temporary files alone, or in their numbers."""
    return tuple(
        (name.split(".tmp.")[0], b"temporary") if is_temporary(Path(name)) else (name, content)
        for name, content in state.items())


def cuts(run: CutRun) -> Iterator[tuple[int, Disk, State]]:
    """Each state after each number of operations. A write to a temporary file changes nothing that
    counts, so the power is cut after the last of several."""
    disk = run.disk()
    for count in range(len(run.operations) + 1):
        if count > 0:
            disk.run(run.operations[count - 1])
        if not any(is_inner(operation) for operation in run.operations[count:count + 1]):
            for state in states(disk):
                yield count, disk, state


def is_inner(operation: Operation) -> bool:
    is_quiet = operation.name in ("write", "pwrite64", "flock")
    return operation.name == "flock" or (is_quiet and is_temporary(Path(operation.path)))


def finished_contents(disk: Disk, after: dict[str, bytes]) -> set[bytes]:
    """The versions of files that a program has finished."""
    return {seal for file in disk.files for seal in file.seals} | set(after.values())


def torn(state: State, finished: set[bytes]) -> list[str]:
    """Files under final names that are no finished version."""
    return [f"{name} is torn" for name, content in state.items()
            if content is not None and content not in finished and not is_growing(Path(name))
            and not is_temporary(Path(name))]


def lost(state: State, after: dict[str, bytes]) -> list[str]:
    """Results that a program which has ended with 0 must have left on the disk."""
    return [f"{name} is lost after the end" for name, content in after.items()
            if not is_growing(Path(name)) and state.get(name) != content]
