"""The programs on a run, and what must hold of each end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness import strict_json, tiny
from harness.proof import Part
from harness.sentence import is_sentence
from numerical_faults.tensors import Checkpoint

TIMEOUT = 60
LAST = Path("run/checkpoints/last.safetensors")
TRAIN: list[str | Path] = ["--config", "tiny.json", "--out", "run"]
RESUME: list[str | Path] = ["--resume", "--out", "run"]
# Numbers that a row of a result may lack: /src/tools/README.md names them.
MAY_BE_NULL = {"abstain", "class", "label", "mahalanobis"}


def run(part: Part, folder: Path, program: str, words: Sequence[str | Path]
        ) -> subprocess.CompletedProcess[bytes]:
    return tiny.run([part.program(program), *words, "--quiet", "--threads", "1"], folder, TIMEOUT)


def faults_of_end(done: subprocess.CompletedProcess[bytes], codes: set[int]) -> list[str]:
    lines = [line for line in done.stderr.splitlines() if b": error: " in line]
    if done.returncode not in codes:
        return [f"ended with {done.returncode}: {done.stderr[-300:]!r}"]
    if done.returncode == 0:
        return []
    if len(lines) != 1 or not is_sentence(lines[0]):
        return [f"said {done.stderr!r}"]
    wrong = []
    if done.returncode == 5 and LAST.name not in lines[0].decode():
        wrong.append(f"said {lines[0]!r}, without the file")
    return wrong


def faults_of_rows(text: bytes) -> list[str]:
    """Of bnn-predict's lines: every number is one."""
    try:
        rows = [strict_json.parsed(line) for line in text.splitlines()]
    except ValueError as error:
        return [f"wrote {error}"]
    lacking = {key for row in rows if isinstance(row, dict) for key, value in row.items()
               if value is None or (isinstance(value, list) and None in value)} - MAY_BE_NULL
    return [f"wrote no number as {', '.join(sorted(lacking))}"] if lacking else []


def evaluate(part: Part, folder: Path, codes: set[int]) -> list[str]:
    """Evaluation and prediction of the last checkpoint."""
    wrong = []
    done = run(part, folder, "bnn-eval", [LAST, "--format", "json", "--bootstrap", "0"])
    wrong += [f"bnn-eval {what}" for what in faults_of_end(done, codes)]
    if done.returncode == 0:
        try:
            result = strict_json.parsed(done.stdout)
            assert isinstance(result, dict)
            wrong += [f"bnn-eval wrote no number as {key}" for key in ("accuracy", "nll", "ece", "brier")
                      if not isinstance(result[key], (int, float))]
        except ValueError as error:
            wrong.append(f"bnn-eval wrote {error}")
    elif done.stdout:
        wrong.append("bnn-eval failed with results on its standard output")
    # Images are answered as they come, so there may be rows before the first bad one.
    done = run(part, folder, "bnn-predict", [LAST, "images"])
    wrong += [f"bnn-predict {what}"
              for what in faults_of_end(done, codes) + faults_of_rows(done.stdout)]
    return wrong


def faults_of_folder(folder: Path) -> list[str]:
    """What a run left: finite checkpoints, and metrics that are numbers."""
    wrong = [f"{path.name} holds a number that is not finite, in {name}"
             for path in (folder / "run/checkpoints").glob("*.safetensors")
             if (name := Checkpoint.read(path).not_finite())]
    metrics = folder / "run/metrics.jsonl"
    if metrics.exists():
        try:
            for line in metrics.read_bytes().splitlines():
                row = strict_json.parsed(line)
                assert isinstance(row, dict)
                wrong += [f"metrics hold no number as {key}" for key, value in row.items()
                          if value is None]
        except ValueError as error:
            wrong.append(f"metrics hold {error}")
    return wrong
