"""Runs one program and measures its time and its peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Finished:
    """What a process left behind."""

    output: str
    seconds: float  # wall time from start to exit
    peak_bytes: int  # largest resident set


def run(command: list[str], environment: dict[str, str] | None = None) -> Finished:
    """Runs the command, with these variables added to the environment. A program that fails ends
    this one, with its own message."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=errors,
                                 env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            sys.exit(f"error: {' '.join(command)}: exit code {child.returncode}\n{errors.read()}")
        return Finished(output.read(), seconds, usage.ru_maxrss * 1024)
