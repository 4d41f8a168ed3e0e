"""Programs that go on for as long as they are watched."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from soak.series import Sample

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
TIMEOUT = 120.0


@dataclass
class Activity:
    """Something that goes on, what it counts, and what was measured of it."""

    name: str
    unit: str
    samples: list[Sample] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def watch(self, seconds: float, interval: float) -> None:
        raise NotImplementedError


def measure(process: int, units: int) -> Sample:
    stat = Path(f"/proc/{process}/stat").read_text()
    numbers = stat[stat.rindex(")") + 2:].split()
    resident = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    return Sample(time.monotonic(), resident, len(os.listdir(f"/proc/{process}/fd")),
                  (int(numbers[11]) + int(numbers[12])) / TICKS, units)


class Program(Activity):
    """One process. `units` says how far it is; `end` asks it to end, with this code."""

    def __init__(self, name: str, unit: str, words: Sequence[str], folder: Path, code: int,
                 end: Callable[[subprocess.Popen[bytes]], None], units: Callable[[], int] | None = None,
                 serve: Callable[[IO[bytes], IO[bytes], Callable[[], None]], None] | None = None):
        super().__init__(name, unit)
        self.words, self.folder, self.code, self.end = words, folder, code, end
        self.units, self.serve, self.served = units, serve, 0

    def count(self) -> None:
        self.served += 1

    def watch(self, seconds: float, interval: float) -> None:
        with (self.folder / f"{self.name}.err").open("wb") as err:
            process = subprocess.Popen(self.words, cwd=self.folder, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE if self.serve else subprocess.DEVNULL, stderr=err)
        server = None
        if self.serve:
            server = threading.Thread(target=self.serve, args=(process.stdin, process.stdout, self.count))
            server.start()
        stop = time.monotonic() + seconds
        while time.monotonic() < stop and process.poll() is None:
            time.sleep(interval)
            try:
                self.samples.append(measure(process.pid, self.units() if self.units else self.served))
            except (OSError, ValueError):
                break  # it has ended
        self.end(process)
        self.check_end(process, server)

    def check_end(self, process: subprocess.Popen[bytes], server: threading.Thread | None) -> None:
        try:
            code = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
            self.wrong.append(f"{self.name}: it does not end")
        if server:
            server.join(TIMEOUT)
        if code != self.code:
            text = (self.folder / f"{self.name}.err").read_text(errors="replace")
            self.wrong.append(f"{self.name}: code {code}: {text[-300:]!r}")


def close_input(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    process.stdin.close()


def terminate(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)


class Repeated(Activity):
    """Short programs, one after the other; a sample is one run. Each must end with 0 and leave no new file."""

    def __init__(self, name: str, commands: Sequence[Sequence[str]], folder: Path):
        super().__init__(name, "runs")
        self.commands, self.folder = commands, folder

    def watch(self, seconds: float, interval: float) -> None:
        stop, cpu, units = time.monotonic() + seconds, 0.0, 0
        while time.monotonic() < stop and not self.wrong:
            peak = 0
            for words in self.commands:
                process = subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                assert process.stderr
                hanging = threading.Timer(TIMEOUT, process.kill)  # its code is then found
                hanging.start()
                err = process.stderr.read()
                process.stderr.close()
                _, status, usage = os.wait4(process.pid, 0)
                hanging.cancel()
                process.returncode = os.waitstatus_to_exitcode(status)
                peak, cpu, units = max(peak, usage.ru_maxrss * 1024), cpu + usage.ru_utime + usage.ru_stime, units + 1
                if process.returncode != 0:
                    self.wrong.append(f"{self.name}: code {process.returncode}: {err[-300:]!r}")
            files = sum(1 for _ in self.folder.rglob("*"))
            self.samples.append(Sample(time.monotonic(), peak, files, cpu, units))
