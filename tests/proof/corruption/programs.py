"""The programs themselves, on a forged checkpoint in the place of a good one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from corruption.base import CHECKPOINT, PNG
from harness import strict_json, tiny
from harness.proof import Part
from harness.sentence import is_sentence

TIMEOUT = 60
# What a checkpoint that the reader took may come to. Its config may name other data (4); to
# --resume it may be of another run (3), or its moments may be none (5).
TAKEN = {"bnn-eval": {0, 4, 7}, "bnn-predict": {0, 7}, "bnn-export": {0, 3, 5, 7},
         "bnn-train": {0, 3, 4, 5, 7}}
COMMANDS: dict[str, list[str | Path]] = {
    "bnn-eval": [CHECKPOINT, "--samples", "2", "--bootstrap", "0", "--format", "json"],
    "bnn-predict": [CHECKPOINT, PNG, "--samples", "2"],
    "bnn-export": [CHECKPOINT, "--output", "network.onnx", "--samples", "1"],
    "bnn-train": ["--resume", "--out", "run", "--max-steps", "5"]}


def faults(done: subprocess.CompletedProcess[bytes], program: str, is_refused: bool) -> list[str]:
    """What is wrong with the end of a program."""
    wrong = []
    code, text = done.returncode, done.stderr
    lines = [line for line in text.splitlines() if b": error: " in line]
    # --resume may see first that the config is another run's, or names other data.
    if is_refused and code not in ({3, 4, 5} if program == "bnn-train" else {5}):
        wrong.append(f"ended with {code}; the reader refuses the file")
    if not is_refused and code not in TAKEN[program]:
        wrong.append(f"ended with {code}; the reader takes the file")
    if code != 0 and (len(lines) != 1 or not is_sentence(lines[0])):
        wrong.append(f"said {text!r}")
    if code != 0 and done.stdout:
        wrong.append("wrote results and failed")
    if code == 0 and program in ("bnn-eval", "bnn-predict"):
        try:
            whole = program == "bnn-eval"
            for row in [done.stdout] if whole else done.stdout.splitlines():
                strict_json.parsed(row)
        except ValueError as error:
            wrong.append(f"wrote results that are no JSON: {error}")
    return wrong


def attack(part: Part, folder: Path, forged: Path, is_refused: bool) -> list[str]:
    """What does not hold of the programs."""
    wrong = []
    good = (folder / CHECKPOINT).read_bytes()
    shutil.copy(forged, folder / CHECKPOINT)
    for program, words in COMMANDS.items():
        try:
            done = tiny.run([part.program(program), *words, "--quiet"], folder, TIMEOUT)
        except subprocess.TimeoutExpired:
            wrong.append(f"{program} hangs")
            continue
        wrong += [f"{program} {what}" for what in faults(done, program, is_refused)]
    (folder / CHECKPOINT).write_bytes(good)
    return wrong
