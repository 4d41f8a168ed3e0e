"""Compares our numbers, files and layers with those of the libraries that people use. Prints the tables of
tests/bench/README.md and ends with 1 if a difference exceeds its tolerance, or if one of the comparisons
that are broken on purpose goes unnoticed.

    python tests/peers/main.py BUILD OUT [--only readers metrics …]
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from pathlib import Path

from comparison import Comparison, table
from digits_run import DigitsRun

# In this order. Each runs in a process of its own, because PyTorch and TensorFlow do not go well together.
TOPICS = ("readers", "metrics", "calibration", "onnx", "layers")
QUIET = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}


def compare(topic: str, digits: DigitsRun, result: Path) -> None:
    """Runs one comparison in this process."""
    rows = Comparison()
    importlib.import_module(f"compare_{topic}").run(digits, rows)
    rows.write(result)


def compare_all(options: argparse.Namespace, digits: DigitsRun) -> Comparison:
    """Runs all of them and collects their rows."""
    rows = Comparison()
    for topic in options.only:
        result = options.out / f"{topic}.json"
        result.unlink(missing_ok=True)
        command = [sys.executable, __file__, str(options.build), str(options.out), "--process", topic]
        with (options.out / f"{topic}.log").open("w") as log:
            done = subprocess.run(command, env={**os.environ, **QUIET}, stderr=log, check=False)
        if done.returncode != 0:
            raise SystemExit(f"error: the comparison of {topic} stopped; {options.out / topic}.log says why")
        rows.read(result)
    return rows


def main() -> int:
    """Reads the command line, compares, prints; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="where our programs lie")
    parser.add_argument("out", type=Path, help="gets data, networks, results; replaced where it exists")
    parser.add_argument("--only", nargs="+", choices=TOPICS, default=TOPICS)
    parser.add_argument("--process", choices=TOPICS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build, options.out = options.build.resolve(), options.out.resolve()
    digits = DigitsRun(options.build, options.out / "digits")
    if options.process:
        compare(options.process, digits, options.out / f"{options.process}.json")
        return 0
    digits.make()
    rows = compare_all(options, digits)
    compared = [row for row in rows.rows.values() if not row.is_control]
    controls = [row for row in rows.rows.values() if row.is_control]
    text = f"{table(compared)}\n\nBroken on purpose; the difference must exceed the tolerance:\n\n{table(controls)}\n"
    (options.out / "peers.md").write_text(text)
    print(text)
    for reason in rows.skipped:
        print(f"skipped: {reason}")
    failed = [row for row in rows.rows.values() if not row.holds]
    print(f"{len(compared)} rows compared, {len(controls)} controls, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
