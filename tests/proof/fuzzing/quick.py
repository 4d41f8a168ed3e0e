"""The corpora and some thousand mutations of them, in the ordinary build."""

from __future__ import annotations

import base64
import os
import resource
import subprocess
from pathlib import Path

from fuzzing.fuzzer import Report, corpus_of
from harness.memory_folder import memory_folder

SECONDS, MOST_MEMORY = 60, 1 << 30


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_target(program: str, target: str, mutations: int, seed: int, place: Path) -> Report:
    with memory_folder(place) as folder:
        last = folder / "last"
        words = [program, target, str(corpus_of(target)), str(mutations), str(seed), str(last)]
        try:
            done = subprocess.run(words, capture_output=True, check=False, timeout=SECONDS,
                                  preexec_fn=limit_memory,
                                  env={**os.environ, "TMPDIR": str(folder)})
        except subprocess.TimeoutExpired:
            return Report(findings=[f"{target}: took more than {SECONDS} seconds"])
        if done.returncode == 0:
            return Report(tried=int(done.stdout))
        said = done.stderr.decode(errors="replace").strip()
        shown = base64.b64encode(last.read_bytes()).decode()[:600] if last.exists() else "none"
        return Report(findings=[f"{target}: ended with {done.returncode}: {said[-300:]}; "
                                f"input, base64: {shown}"])


def check_control(program: str, place: Path) -> list[str]:
    """The proof itself works: mutations make the faulty target read past its buffer."""
    report = run_target(program, "control", 1000, 1, place)
    return [] if any("past its end" in finding for finding in report.findings) else [
        "the control, a reader that reads past its buffer, was not found out"]
