"""The programs themselves, with one mutated file each."""

from __future__ import annotations

import base64
import random
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fuzzing.fuzzer import Report
from harness import tiny
from harness.images import png
from harness.proof import Part
from harness.sentence import is_sentence

RUNS, QUICK_RUNS = 100_000, 120
SECONDS, MOST_MEMORY = 20, 4 << 30  # of one run
CODES = (0, 2, 3, 4, 5, 6, 7)
LAST = "run/checkpoints/last.safetensors"
TEXTS = [b'"', b"-", b"9", b"e", b"null", b"{", b"]", b"1e999", b"\0", b"\xff", b"\x80"]


@dataclass(frozen=True)
class Attack:
    """A program that reads a file."""

    file: str
    words: tuple[str, ...]


ONE_THREAD = ("--threads", "1")
EVALUATE = ("bnn-eval", LAST, "--quiet", "--samples", "1", "--bootstrap", "0", *ONE_THREAD)
ATTACKS = (
    Attack("config.json", ("bnn-train", "--config", "config.json", "--out", "new", "--quiet",
                           "--epochs", "1", *ONE_THREAD)),
    Attack("images", ("bnn-train", "--config", "config.json", "--out", "new", "--quiet",
                      "--epochs", "1", *ONE_THREAD)),
    Attack("labels", EVALUATE),
    Attack(LAST, EVALUATE),
    Attack(LAST, ("bnn-train", "--resume", "--out", "run", "--quiet", *ONE_THREAD)),
    Attack(LAST, ("bnn-export", LAST, "--output", "x.onnx", "--quiet", "--samples", "1",
                  *ONE_THREAD)),
    Attack("run/metrics.jsonl", ("bnn-compare", "run")),
    Attack("run/config.json", ("bnn-compare", "run")),
    Attack(f"{LAST}.calibration.json", (*EVALUATE, "--temperature")),
    Attack("image.png", ("bnn-predict", LAST, "image.png", "--samples", "1",
                         *ONE_THREAD)),
    Attack("list", ("bnn-predict", LAST, "--inputs-from", "list", "--samples", "1",
                    *ONE_THREAD)),
)


def mutated(content: bytes, numbers: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(numbers.randint(1, 3)):
        at = numbers.randrange(len(changed) + 1)
        kind = numbers.randrange(5)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << numbers.randrange(8)
        elif kind == 1:
            del changed[at:at + numbers.randint(1, 16)]
        elif kind == 2:
            changed[at:at] = numbers.choice(TEXTS)
        elif kind == 3:
            changed[at:at + 1] = numbers.choice(TEXTS)
        elif numbers.randrange(4) == 0:
            del changed[at:]
    return bytes(changed)


def prepare(part: Part, folder: Path) -> None:
    """A trained run with its files."""
    folder.mkdir(parents=True)
    tiny.write_data(folder, examples=40)
    tiny.write_config(folder / "config.json", tiny.config(epochs=1))
    (folder / "image.png").write_bytes(png(tiny.SIDE, [bytes(range(tiny.SIDE))] * tiny.SIDE))
    (folder / "list").write_text("image.png\nimage.png\n")
    for words in (("bnn-train", "--config", "config.json", "--out", "run", "--quiet"),
                  ("bnn-eval", LAST, "--quiet", "--samples", "1", "--fit-calibration")):
        done = tiny.run([part.program(words[0]), *words[1:]], folder)
        require_success(done)


def require_success(done: subprocess.CompletedProcess[bytes]) -> None:
    if done.returncode != 0:
        raise RuntimeError(f"{done.args} without a change: {done.stderr.decode()}")


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def run_attack(part: Part, attack: Attack, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return tiny.run([part.program(attack.words[0]), *attack.words[1:]], folder, SECONDS,
                    preexec_fn=limit_memory)


def complaint(part: Part, attack: Attack, folder: Path) -> str:
    """What does not hold of a run, or nothing."""
    try:
        done = run_attack(part, attack, folder)
    except subprocess.TimeoutExpired:
        return "it hung"
    if done.returncode not in CODES:
        return f"it ended with {done.returncode}: {done.stderr[-300:]!r}"
    last = (done.stderr.splitlines() or [b""])[-1]
    if done.returncode != 0 and (not last.startswith(attack.words[0].encode() + b": error: ")
                                 or not is_sentence(last)):
        return f"its last words were {last!r}"
    return "it lacked memory" if last.endswith(b"not enough memory") else ""


def run(part: Part, runs: int, folder: Path, seed: int) -> Report:
    clean, work = folder / "clean", folder / "work"
    prepare(part, clean)
    for attack in ATTACKS:
        shutil.copytree(clean, work)
        require_success(run_attack(part, attack, work))
        shutil.rmtree(work)
    numbers, report = random.Random(seed), Report()
    for number in range(runs):
        attack = ATTACKS[number % len(ATTACKS)]
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(clean, work)
        content = mutated((clean / attack.file).read_bytes(), numbers)
        (work / attack.file).write_bytes(content)
        wrong = complaint(part, attack, work)
        report.tried += 1
        if wrong:
            shown = base64.b64encode(content).decode()[:600]
            report.findings.append(f"{' '.join(attack.words)} with another {attack.file}: {wrong}; "
                                   f"file, base64: {shown}")
    return report

