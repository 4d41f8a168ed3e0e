"""The suite under sanitizers, threads under ThreadSanitizer, programs under valgrind."""

from __future__ import annotations

from pathlib import Path

from harness import tiny
from harness.proof import Outcome, Part, Proof
from sanitizers.controls import (ADDRESS, FIXED_ADDRESSES, MEMCHECK, THREAD, UNDEFINED, check,
                                 compiled, require_fixed_addresses)
from sanitizers.programs import under_memcheck, under_tsan
from sanitizers.suites import address, thread

SHARES = 2  # of the suite
REPETITIONS = 5


def quick(part: Part) -> Outcome:
    """The thread pool alone."""
    source = Path(__file__).with_name("pool_rounds.cpp")
    program = compiled(source, ("-fsanitize=thread",), part.folder)
    done = tiny.run([*FIXED_ADDRESSES, program], part.folder)
    found = [] if done.returncode == 0 else [f"the thread pool: {done.stderr.decode()[:2000]}"]
    return Outcome(1, found, "the thread pool under TSan")


def run(part: Part) -> Outcome:
    if not part.is_quick and part.count != SHARES + 2:
        raise SystemExit(f"sanitizers: each part is of another kind: expected K/{SHARES + 2}")
    if part.is_quick or part.index == SHARES + 1:
        require_fixed_addresses()
    place = part.build / "sanitizers"
    controls = {1: (ADDRESS, UNDEFINED), 2: (ADDRESS, UNDEFINED), 3: (THREAD,), 4: (MEMCHECK,)}
    if part.is_quick:
        outcome, needed = quick(part), (ADDRESS, UNDEFINED, THREAD)
    elif part.index <= SHARES:
        outcome, needed = address(place, part.index, SHARES), controls[part.index]
    elif part.index == SHARES + 1:
        outcome, needed = thread(place, REPETITIONS), controls[part.index]
        programs = under_tsan(part, place)
        outcome.tried += programs.tried
        outcome.findings += programs.findings
        outcome.detail += "; " + programs.detail
    else:
        outcome, needed = under_memcheck(part, place), controls[part.index]
    for control in needed:
        outcome.findings += check(control, part.folder)
    return outcome


PROOF = Proof(name="sanitizers", order=8, unit="cases", full=0, parts=SHARES + 2, minutes=55,
              run=run)
