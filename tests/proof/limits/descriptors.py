"""Descriptors: few of them, standard streams that are closed, full, or without a reader."""

from __future__ import annotations

from dataclasses import replace

from limits.limit import DONE, FAILS_TIDILY, HERE, WORKS, Case, Limit, cases, shell
from limits.tasks import TASKS, TWO_PROCESSES, tasks_named, with_threads

DATA, READER_LEFT = 4, 141
CLOSED = {0: "<&-", 1: ">&-", 2: "2>&-"}
ON_STANDARD_OUTPUT = ("eval", "calibrate", "features", "pipe", "compare")


def few() -> list[Case]:
    found = []
    for number in [*range(3, 25), 28, 32, 40, 48, 64]:
        limit = Limit(f"{number} of them", ("prlimit", f"--nofile={number}"),
                      codes=WORKS if number >= 32 else FAILS_TIDILY)
        many = replace(limit, name=f"{limit.name}, 8 threads", options=("--threads", "8"))
        found += cases("descriptors", TASKS, [limit]) + cases("descriptors", with_threads(), [many])
        if number % 4 == 0:
            found += cases("descriptors", [TWO_PROCESSES], [limit])
    return found


def closed() -> list[Case]:
    """Each subset. A file that got the number of a closed stream would get its lines as well."""
    found = []
    for subset in range(1, 8):
        streams = [number for number in CLOSED if subset & 1 << number]
        words = shell('exec "$@" ' + " ".join(CLOSED[number] for number in streams))
        name = " and ".join(str(number) for number in streams) + " closed"
        for task in TASKS:
            codes = {DONE, DATA} if task.name == "pipe" and 0 in streams else {DONE}
            found.append(Case("streams", task, Limit(name, words, codes=frozenset(codes),
                                                     is_seen=not {1, 2} & set(streams))))
    return found


def full() -> list[Case]:
    found = []
    for streams, ends in (("output", ">/dev/full"), ("errors", "2>/dev/full"),
                          ("output and errors", ">/dev/full 2>/dev/full")):
        limit = Limit(f"{streams} full", shell(f'exec "$@" {ends}'), is_seen=False)
        found += cases("streams", TASKS, [limit])
    return found


def without_reader() -> list[Case]:
    found = []
    for numbers in ("1", "2", "12"):
        for task in TASKS:
            codes = WORKS | ({READER_LEFT} if "1" in numbers else set())
            limit = Limit(f"no reader of {numbers}", ("python3", "-ES", str(HERE / "gone_reader.py"),
                                                      numbers), codes=codes, is_seen=False)
            found.append(Case("streams", task, limit))
    return found


def standard_output_to_full_device() -> list[Case]:
    """A result that cannot be printed ends with code 6, and a sentence."""
    limit = Limit("result to /dev/full", shell('exec "$@" >/dev/full'), codes=frozenset({6}))
    return cases("streams", tasks_named(*ON_STANDARD_OUTPUT), [limit])
