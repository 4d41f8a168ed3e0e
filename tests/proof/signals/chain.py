"""A chain of stops in one run: what does not hold."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from signal import SIGKILL

from signals.stops import THREADS, Stop
from signals.training import Ended, Training, content


@dataclass(frozen=True)
class Reference:
    """The run that nothing stopped."""

    content: list[str]
    seconds: float


@dataclass
class Report:
    wrong: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)  # signals that a running program got


def check_code(stop: Stop, ended: Ended, is_finished: bool) -> list[str]:
    if ended.hung:
        return ["it hangs"]
    code, kind = ended.code, stop.kind
    if code == 0:
        return [] if is_finished else ["code 0, and the run is not what it should be"]
    if stop.processes > 1 and ended.was_sent:  # Open MPI's launcher has codes of its own
        return []
    if not ended.was_sent or not kind.ends:
        return [f"code {code} without a signal that ends it: {ended.err[-300:]!r}"]
    graceful = {128 + number for number in kind.signals}
    if SIGKILL in kind.signals:
        graceful.add(-SIGKILL)
    # Before it begins, a program has no handler.
    deadly = set() if ended.was_caught else {-number for number in kind.signals}
    if code not in graceful | deadly:
        return [f"code {code}: {ended.err[-300:]!r}"]
    return []


def check_saved(training: Training, ended: Ended) -> list[str]:
    if "stopped by a signal; --resume continues from" in ended.err and not training.last.exists():
        return ["it says that it saved, and there is no checkpoint"]
    return []


def run_chain(training: Training, reference: Reference, stops: list[Stop], numbers: random.Random) -> Report:
    report, left = Report(), reference.seconds
    for stop in stops:
        seconds = left + (0.5 if stop.processes > 1 else 0.0)
        ended, wrong = training.stop(stop, seconds)
        is_finished = ended.code == 0 and content(training.run) == reference.content
        wrong += check_code(stop, ended, is_finished) + check_saved(training, ended) + training.look()
        report.wrong += [f"{stop.kind.name} after {stop.at * seconds:.2f} s with {stop.threads} threads in "
                         f"{stop.processes} processes: {sentence}" for sentence in wrong]
        report.hits[stop.kind.name if ended.was_sent else "too late"] += 1
        if SIGKILL not in stop.kind.signals and training.last.exists():
            left *= 1 - stop.at
        left = max(left, 0.1 * reference.seconds)
        if ended.hung:
            return report
        if is_finished:
            break
    ended = training.finish(numbers.choice(THREADS))
    if ended.hung or ended.code != 0:
        report.wrong.append(f"the last part: code {ended.code}{', it hangs' * ended.hung}: {ended.err[-300:]!r}")
    else:
        names = ("last.safetensors", "best.safetensors", "metrics.jsonl")
        report.wrong += [f"after all stops, {name} has other bits" for name, found, expected
                         in zip(names, content(training.run), reference.content) if found != expected]
    return report
