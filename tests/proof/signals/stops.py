"""What happens to a run before it may end: a list of stops, made from a number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from signal import SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1, SIGWINCH, Signals

THREADS = (1, 2, 3, 4, 8)
SHORT = 0.05  # seconds between signals that follow each other
LATEST = 0.8  # share of a run after which it may have ended


@dataclass(frozen=True)
class Kind:
    name: str
    signals: tuple[Signals, ...]
    ends: bool = True  # whether they end a program
    hangup_ignored: bool = False  # as under nohup


KINDS = [
    Kind("SIGKILL", (SIGKILL,)), Kind("SIGTERM", (SIGTERM,)), Kind("SIGINT", (SIGINT,)),
    Kind("SIGHUP", (SIGHUP,)), Kind("SIGUSR1", (SIGUSR1,)), Kind("SIGINT twice", (SIGINT, SIGINT)),
    Kind("SIGTERM and SIGINT", (SIGTERM, SIGINT)), Kind("SIGTERM and SIGKILL", (SIGTERM, SIGKILL)),
    Kind("SIGTERM to a paused program", (SIGSTOP, SIGTERM, SIGCONT)),
    Kind("a pause", (SIGSTOP, SIGCONT), ends=False), Kind("SIGWINCH", (SIGWINCH,), ends=False),
    Kind("SIGHUP under nohup", (SIGHUP,), ends=False, hangup_ignored=True)]


@dataclass(frozen=True)
class Stop:
    kind: Kind
    at: float  # 0 to 1: of what is left of the run
    gap: float  # seconds between signals
    threads: int
    processes: int
    look_at: float | None  # when another program reads the run folder, as `at`
    names_folder_alone: bool  # --resume --out, without the config
    to_rank: bool = False  # of two processes, one gets the signals instead of their launcher


def random_stop(numbers: random.Random, kinds: list[Kind], share_of_two: float) -> Stop:
    processes = 2 if numbers.random() < share_of_two else 1
    return Stop(numbers.choice(kinds), LATEST * numbers.random(), numbers.random() * SHORT,
                numbers.choice(THREADS), processes, numbers.random() if numbers.random() < 0.5 else None,
                numbers.random() < 0.5, numbers.random() < 0.5)


def random_stops(numbers: random.Random, share_of_two: float) -> list[Stop]:
    """One to four."""
    return [random_stop(numbers, KINDS, share_of_two) for _ in range(numbers.choice((1, 1, 2, 2, 3, 4)))]
