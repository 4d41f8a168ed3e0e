"""Runs a case's program to its end, or ends it when it hangs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    code: int  # minus the signal, if that is what ended it
    out: bytes
    err: str
    hung: bool


def start(words: Sequence[str], folder: Path, input: Path | None, timeout: float) -> Ended:
    """In a session of its own, so that all that it started ends with it. OpenBLAS chooses its kernel."""
    variables = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    with open(input or os.devnull, "rb") as source:
        process = subprocess.Popen(words, cwd=folder, stdin=source, env=variables, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = process.communicate(timeout=timeout)
        hung = False
    except subprocess.TimeoutExpired:
        hung = True
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Ended(process.returncode, out, err.decode(errors="replace"), hung)
