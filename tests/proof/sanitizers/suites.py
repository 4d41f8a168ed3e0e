"""The tests of the tree in builds with a sanitizer."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.build import build_tree
from harness.proof import Outcome
from sanitizers.controls import FIXED_ADDRESSES

SANITIZE = "-DCMAKE_BUILD_TYPE=Sanitize"
THREADED_ROOMS = ("core", "train", "exchange", "infer", "prediction", "determinism", "model")
CASE = re.compile(r"^ *\d+/\d+ Test +#\d+: (.*?) \.+ *\**(Passed|Failed|Timeout|[^ ]+)", re.MULTILINE)


def call(words: Sequence[str | Path], folder: Path | None = None, **settings: str
         ) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True,
                          check=False, env={**os.environ, **settings})


def address(place: Path, share: int, shares: int) -> Outcome:
    """Every share-th case of the whole suite under AddressSanitizer and UndefinedBehaviorSanitizer."""
    folder = place / "address"
    build_tree(folder, SANITIZE, "-DBNN_SANITIZE=ON", "-DBNN_TESTS=ON", "-DBNN_MPI=ON",
          targets=("bnn-tests", "bnn-program", "bnn-train-mpi"))
    done = call(["ctest", "--test-dir", folder, "-j", str(os.cpu_count()), "--output-on-failure",
                 "-I", f"{share},,{shares}"])
    cases = CASE.findall(done.stdout)
    failed = [name for name, result in cases if result != "Passed"]
    return Outcome(len(cases), [f"{name}: fails in a build with sanitizers" for name in failed],
                   f"{len(cases)} cases under ASan and UBSan")


def thread(place: Path, repetitions: int) -> Outcome:
    """The rooms that work with threads, several times, under ThreadSanitizer."""
    folder = place / "thread"
    flags = "-fsanitize=thread"
    build_tree(folder, SANITIZE, f"-DCMAKE_CXX_FLAGS={flags}", f"-DCMAKE_EXE_LINKER_FLAGS={flags}",
          f"-DCMAKE_SHARED_LINKER_FLAGS={flags}", "-DBNN_LIBRARY=OFF", "-DBNN_TESTS=ON",
          f"-DBNN_TEST_ROOMS={';'.join(THREADED_ROOMS)}", targets=("bnn-tests", "bnn-program"))
    outcome = Outcome(detail=f"{repetitions} times the rooms {', '.join(THREADED_ROOMS)} under TSan")
    for _ in range(repetitions):
        done = call([*FIXED_ADDRESSES, folder / "bnn-tests"], folder,
                    TSAN_OPTIONS="exitcode=66 second_deadlock_stack=1")
        found = re.search(r"(\d+) test cases|in (\d+) test cases?", done.stdout)
        outcome.tried += int(found.group(1) or found.group(2)) if found else 0
        races = done.stderr.count("WARNING: ThreadSanitizer")
        if races or done.returncode != 0:
            text = (done.stderr or done.stdout)[-3000:].replace("\n", " / ")
            outcome.findings.append(f"{races} reports of ThreadSanitizer, exit {done.returncode}: "
                                    f"{text}")
    return outcome
