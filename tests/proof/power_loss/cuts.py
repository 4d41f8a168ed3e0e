"""The folders that a power cut may leave."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from attacked.states import is_temporary
from power_loss.disk import FOLDER, OUTCOMES, Change, Disk, State

ALL_SUBSETS_OF = 9  # pending changes of names; of more: every prefix, and all without one


def subsets(pending: list[Change]) -> Iterator[list[Change]]:
    """Which changes of names have reached the disk, each list in its order."""
    if len(pending) <= ALL_SUBSETS_OF:
        for count in range(len(pending) + 1):
            yield from (list(chosen) for chosen in itertools.combinations(pending, count))
        return
    yield from (pending[:count] for count in range(len(pending) + 1))
    yield from (pending[:i] + pending[i + 1:] for i in range(len(pending)))


@cache
def has_temporary_name(name: str) -> bool:
    return is_temporary(Path(name))


def states(disk: Disk) -> Iterator[State]:
    """Each choice of names with each outcome for the bytes that were not synced: one outcome for all
    files, or another one for a single file. Nobody reads the bytes of temporary files."""
    for chosen in subsets(disk.pending):
        names = dict(disk.safe)
        for change in chosen:
            change.apply(names)
        dirty = sorted({number for name, number in names.items() if number != FOLDER
                        and disk.files[number].is_dirty and not has_temporary_name(name)})
        for common, other in itertools.product(range(OUTCOMES), [None, *dirty]):
            if other is not None and common == 0 or (not dirty and common > 0):
                continue
            outcome = {number: common if other in (None, number) else 0 for number in dirty}
            yield state_of(disk, names, outcome)


def state_of(disk: Disk, names: dict[str, int], outcome: dict[int, int]) -> State:
    state: State = {}
    for name, number in sorted(names.items()):
        above = name.rpartition("/")[0]
        if above and above not in state:
            continue  # its folder is lost
        state[name] = (None if number == FOLDER
                       else disk.files[number].outcomes()[outcome.get(number, 0)])
    return state
