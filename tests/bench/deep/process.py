"""Programs that this one starts: their processor time, their exit codes, and signals for both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

STOPPED = (129, 130, 143, -signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP)
NOT_FINITE = 7  # the exit code of bnn-train


class Stopped(Exception):
    """A signal asked to stop. What was done is kept."""


class Failed(Exception):
    """A program ended with this exit code."""

    def __init__(self, command: list[str], code: int) -> None:
        super().__init__(f"{command[0]} ended with exit code {code}")
        self.code = code


def stop_on_signals() -> None:
    """SIGTERM and SIGHUP stop like Ctrl-C. A signal that was ignored at the start (nohup) stays so."""
    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def run(command: list[str], output: Path | None = None) -> None:
    """Runs a command; its standard output goes to a file, which appears once it is complete."""
    temporary = output.with_suffix(".tmp") if output else None
    with open(temporary or os.devnull, "w") as stdout:
        child = subprocess.Popen(command, stdout=stdout if output else None, start_new_session=True)
        try:
            code = child.wait()
        except KeyboardInterrupt:
            child.terminate()  # bnn-train saves a checkpoint
            child.wait()
            raise Stopped from None
    if code in STOPPED:
        raise Stopped
    if code != 0:
        raise Failed(command, code)
    if temporary:
        os.replace(temporary, output)


def run_measured(command: list[str], cost: Path) -> None:
    """The same, and adds wall and processor seconds to the file `cost`, over all attempts."""
    start, before = time.monotonic(), os.times()
    try:
        run(command)
    finally:
        after = os.times()
        total = read_cost(cost) or {"seconds": 0.0, "cpu_seconds": 0.0}
        total["seconds"] += time.monotonic() - start
        total["cpu_seconds"] += (after.children_user - before.children_user +
                                 after.children_system - before.children_system)
        cost.parent.mkdir(parents=True, exist_ok=True)
        cost.write_text(json.dumps(total))


def read_cost(cost: Path) -> dict[str, float] | None:
    """What the attempts so far took, or None."""
    return json.loads(cost.read_text()) if cost.exists() else None
