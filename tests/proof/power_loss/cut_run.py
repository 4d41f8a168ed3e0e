"""A run of which everything was recorded, and what cuts of the power leave of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from attacked.reference import place_of, require_traced, run_in
from attacked.scenarios import Scenario, prepare, traced
from attacked.states import files_of, is_temporary
from harness.proof import Part
from power_loss.cuts import has_temporary_name, states
from power_loss.disk import Disk, Operation, State, operations
from power_loss.results import Results


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
    prepare(part, scenario, place / "after")
    return recorded(part, scenario, place)


def recorded(part: Part, scenario: Scenario, place: Path) -> CutRun:
    """Runs the command in place/after, which holds what is there before it."""
    folder = place / "after"
    before = {str(path.relative_to(folder)): path.read_bytes()
              for path in folder.rglob("*") if path.is_file()}
    folders = tuple(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_dir())
    done = run_in(folder, traced(part, scenario, "--below", str(folder), "--calls", "changes",
                                 "--record", str(place / "record")))
    require_traced(scenario, done)
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


@cache
def without_number(name: str) -> str:
    """Of a temporary file; other names stay."""
    return name.split(".tmp.")[0] if has_temporary_name(name) else name


def key_of(state: State) -> Hashable:
    """Equal for states that differ in the bytes of temporary files alone, or in their numbers."""
    return tuple((short, content if short == name else b"temporary")
                 for name, content in state.items() for short in [without_number(name)])


def cuts(run: CutRun) -> Iterator[tuple[Results, Iterator[State]]]:
    """What must be there, and the states, after each number of operations. A write to a temporary file
    changes nothing that counts, so the power is cut after the last of several."""
    disk = run.disk()
    results = Results(run.before, files_of(run.after), "--overwrite" in run.scenario.words)
    yield results, states(disk)
    for count, operation in enumerate(run.operations, 1):
        disk.run(operation)
        results.run(operation, disk)
        results.has_ended = count == len(run.operations)
        if results.has_ended or not is_inner(run.operations[count]):
            yield results, states(disk)


def is_inner(operation: Operation) -> bool:
    is_quiet = operation.name in ("write", "pwrite64", "flock")
    return operation.name == "flock" or (is_quiet and is_temporary(Path(operation.path)))


@dataclass
class Survey:
    """`distinct` holds one of each kind of states that differ in what counts, and the cut that gave it."""

    states: int = 0
    wrong: set[str] = field(default_factory=set)
    distinct: dict[Hashable, tuple[int, State]] = field(default_factory=dict)


def survey(run: CutRun) -> Survey:
    found = Survey(wrong=set(unseen(run)))
    for cut, (results, after_cut) in enumerate(cuts(run)):
        for state in after_cut:
            found.states += 1
            found.wrong |= {f"{run.scenario.title}: {what}" for what in results.wrong(state)}
            found.distinct.setdefault(key_of(state), (cut, state))
    return found
