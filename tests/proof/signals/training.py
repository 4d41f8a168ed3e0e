"""A run in its folder: started, stopped, looked at, compared."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness import mpi, tiny
from signals.stops import Stop

TIMEOUT = 90.0
NEVER_CAUGHT = (signal.SIGKILL, signal.SIGSTOP)
HANGUP_IGNORED = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]


def content(run: Path) -> list[str]:
    """What two runs must have in common, to the last bit."""
    files = [run / "checkpoints" / f"{name}.safetensors" for name in ("last", "best")]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "none" for file in files]
    return [*digests, str(tiny.timeless_metrics(run / "metrics.jsonl"))]


@dataclass(frozen=True)
class Ended:
    code: int
    err: str
    hung: bool
    # Whether the program had a handler for the signal when it was sent.
    was_caught: bool = False
    was_sent: bool = False  # false if the program had ended before


def is_caught(process: int, number: int) -> bool:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return False
    mask = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(mask, 16) >> (number - 1) & 1)


def session_of(process: Path) -> int:
    try:
        text = (process / "stat").read_text()
        return int(text[text.rindex(")") + 2:].split()[3])
    except (OSError, ValueError):
        return 0


def members(session: int) -> list[int]:
    """Processes of a session, of which a launcher may leave some."""
    return [int(process.name) for process in Path("/proc").iterdir()
            if process.name.isdigit() and session_of(process) == session]


def a_rank(session: int) -> int:
    """One of the processes that a launcher has started; itself if there is none yet."""
    for process in members(session):
        try:
            if os.readlink(f"/proc/{process}/exe").endswith("bnn-train-mpi"):
                return process
        except OSError:
            continue
    return session


def send(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass  # it has ended


def wait_for_members(session: int, seconds: float) -> bool:
    """Whether all have ended."""
    end = time.monotonic() + seconds
    while members(session):
        if time.monotonic() > end:
            for process in members(session):
                os.kill(process, signal.SIGKILL)
            return False
        time.sleep(0.02)
    return True


class Training:
    """The run of a config, in a folder of its own."""

    def __init__(self, programs: Path, folder: Path, data: Path, config: Path, options: tuple[str, ...]):
        self.programs, self.folder, self.data, self.config = programs, folder, data, config
        self.options = options
        self.run = folder / "run"
        self.last = self.run / "checkpoints" / "last.safetensors"
        folder.mkdir(parents=True, exist_ok=True)

    def words(self, threads: int, processes: int, folder_alone: bool) -> list[str]:
        """The command of a job that queues itself again, or the shorter one where there is a checkpoint."""
        program = f"{self.programs}/bnn-train"
        words = ["--resume"] if folder_alone and self.last.exists() else [
            "--config", str(self.config), "--data", str(self.data), "--resume-or-start"]
        words += ["--out", str(self.run), "--threads", str(threads), *self.options]
        return [program, *words] if processes == 1 else [*mpi.LAUNCH, str(processes), f"{program}-mpi", *words]

    def start(self, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "err").open("wb") as err:
            return subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                                    start_new_session=True)

    def wait(self, process: subprocess.Popen[bytes], was_caught: bool = False, was_sent: bool = False) -> Ended:
        hung = False
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            hung = True
            process.kill()
            process.wait()
        hung |= not wait_for_members(process.pid, TIMEOUT)
        err = (self.folder / "err").read_text(errors="replace")
        return Ended(process.returncode, err, hung, was_caught, was_sent)

    def finish(self, threads: int, processes: int = 1) -> Ended:
        return self.wait(self.start(self.words(threads, processes, folder_alone=False)))

    def stop(self, stop: Stop, seconds: float) -> tuple[Ended, list[str]]:
        """Starts the program and sends the signals when a share of these seconds is over."""
        words = self.words(stop.threads, stop.processes, stop.names_folder_alone)
        begin = time.monotonic()
        process = self.start([*HANGUP_IGNORED, *words] if stop.kind.hangup_ignored else words)
        wrong: list[str] = []
        if stop.look_at is not None and stop.look_at < stop.at:
            time.sleep(stop.look_at * seconds)
            wrong = self.look()
        time.sleep(max(0.0, begin + stop.at * seconds - time.monotonic()))
        receiver = a_rank(process.pid) if stop.to_rank and stop.processes > 1 else process.pid
        was_sent, was_caught = process.poll() is None, True
        for number in stop.kind.signals:
            if process.poll() is None:
                was_caught &= is_caught(receiver, number) or number in NEVER_CAUGHT
                send(receiver, number)
                time.sleep(stop.gap)
        return self.wait(process, was_caught, was_sent), wrong

    def look(self) -> list[str]:
        """Other programs read the folder, at any time after the first checkpoint."""
        if not self.last.exists():
            return []
        wrong = []
        for words in (["bnn-eval", str(self.last), "--quiet", "--mean-weights", "--bootstrap", "0"],
                      ["bnn-compare", str(self.run)]):
            done = tiny.run([self.programs / words[0], *words[1:]], self.folder, timeout=TIMEOUT)
            if done.returncode != 0:
                wrong.append(f"{words[0]} of the run folder: code {done.returncode}: {done.stderr.decode()[:200]}")
        return wrong
