"""Each call of a command, with each error that it may give, once and for ever."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from attacked.reference import Reference
from error_injection.errors import ERRORS


@dataclass(frozen=True)
class Injection:
    """`call` fails at its `number`-th time, and at all later times with `is_ever`."""

    reference: Reference
    call: str
    number: int  # from 1
    error: str
    is_ever: bool

    @property
    def title(self) -> str:
        times = "from the" if self.is_ever else "at the"
        what = "transfers half" if self.error == "half" else f"gives {self.error}"
        return f"{self.reference.scenario.title}: {self.call} {what} {times} {self.number}. time"

    @property
    def may_leave_temporary(self) -> bool:
        """If it cannot be removed, or seems to be another process's: the next run removes it."""
        return self.call == "unlink" or (self.call, self.error) == ("flock", "EAGAIN")

    def options(self) -> list[str]:
        """Of the tracer."""
        number = str(self.number)
        attack = (["--shorten", number] if self.error == "half"
                  else ["--fail", number, "--error", self.error])
        return ["--calls", self.call, *attack, *(["--ever"] if self.is_ever else [])]


def cases_of(reference: Reference) -> list[Injection]:
    counts = Counter(reference.calls)
    return [Injection(reference, call, number, error, is_ever)
            for call, errors in ERRORS.items() for number in range(1, counts[call] + 1)
            for error in errors for is_ever in (False, True)]


def sample(cases: list[Injection], seed: int) -> list[Injection]:
    """One case of every call, error and duration, spread over commands and places."""
    kinds: dict[tuple[str, str, bool], list[Injection]] = {}
    for case in cases:
        kinds.setdefault((case.call, case.error, case.is_ever), []).append(case)
    return [of_kind[(seed * 7919 + 104729 * i) % len(of_kind)]
            for i, of_kind in enumerate(kinds.values())]
