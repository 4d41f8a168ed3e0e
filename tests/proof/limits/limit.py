"""A limit: words before the program that impose it, options of the program, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limits.tasks import Places, Task

DONE, INPUT_OUTPUT = 0, 6
FAILS_TIDILY = frozenset({DONE, INPUT_OUTPUT})
WORKS = frozenset({DONE})
REFUSED = frozenset({INPUT_OUTPUT})


@dataclass(frozen=True)
class Limit:
    name: str
    before: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    codes: frozenset[int] = FAILS_TIDILY  # 0 always means: all outputs, with the right bits
    is_seen: bool = True  # whether standard error and output can be read
    changes_nothing: bool = False  # where it fails, the folder stays as it was
    is_of_launcher: bool = False  # of two processes: it concerns mpirun as well
    is_too_small: bool = False  # even for the system to load the program; it may end in any way
    # Changes the bed, and what it returns takes that back.
    prepare: Callable[[Places], Callable[[], None]] | None = None


@dataclass(frozen=True)
class Case:
    family: str
    task: Task
    limit: Limit

    @property
    def name(self) -> str:
        return f"{self.family}: {self.task.name}, {self.limit.name}"

    def words(self, places: Places) -> list[str]:
        words = [*self.task.words(places), *self.limit.options]
        launcher = words.index("2") + 1 if self.task.launched and not self.limit.is_of_launcher else 0
        return [*words[:launcher], *(word.format(work=places.work) for word in self.limit.before),
                *words[launcher:]]


def cases(family: str, tasks: Sequence[Task], limits: Sequence[Limit]) -> list[Case]:
    return [Case(family, task, limit) for limit in limits for task in tasks]


def shell(script: str, *words: str) -> tuple[str, ...]:
    """A script of sh that ends by running "$@"."""
    return ("sh", "-c", script, "sh", *words)


HERE = Path(__file__).resolve().parent
