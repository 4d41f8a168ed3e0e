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

from comparison import Comparison, Row, grid, number_text, table, versions
from digits_run import DigitsRun

# In this order. Each runs in a process of its own, because PyTorch and TensorFlow do not go well together.
TOPICS = ("readers", "metrics", "calibration", "onnx", "initializers", "layers", "convolutions", "small_layers",
          "normalization", "training", "ivon", "torch")
QUIET = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "",
         "PYTHONWARNINGS": "ignore"}


def compare(topic: str, digits: DigitsRun, result: Path) -> None:
    """Runs one comparison in this process."""
    rows = Comparison()
    importlib.import_module(f"compare_{topic}").run(digits, rows)
    rows.write(result)


def compare_all(options: argparse.Namespace) -> dict[str, Comparison]:
    """Runs them one after the other."""
    results = {}
    for topic in options.only:
        result = options.out / f"{topic}.json"
        result.unlink(missing_ok=True)
        command = [sys.executable, __file__, str(options.build), str(options.out), "--process", topic]
        with (options.out / f"{topic}.log").open("w") as log:
            done = subprocess.run(command, env={**os.environ, **QUIET}, stderr=log, check=False)
        if done.returncode != 0:
            raise SystemExit(f"error: the comparison of {topic} stopped; {options.out / topic}.log says why")
        results[topic] = Comparison()
        results[topic].read(result)
    return results


def text_of(results: dict[str, Comparison], rows: list[Row]) -> str:
    """The tables: of all topics but the layers, of the layers, and of what was broken on purpose."""
    of_layers = results["layers"].compared() if "layers" in results else []
    others = [row for topic, rows in results.items() if topic != "layers" for row in rows.compared()]
    parts = [f"Peers: {versions(rows)}."] + ([table(others)] if others else [])
    if of_layers:
        parts.append(f"Layers; tolerance {number_text(of_layers[0].tolerance)}:")
        for kind in ("conv2d", "dense"):
            parts.append(grid(kind, [row for row in of_layers if row.what.startswith(kind)]))
    parts.append("Broken on purpose, so that the difference must exceed the tolerance:")
    parts.append(table([row for row in rows if row.is_control]))
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Reads the command line, compares, prints; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="where our programs lie")
    parser.add_argument("out", type=Path, help="gets data, networks, results; replaced where it exists")
    parser.add_argument("--only", nargs="+", choices=TOPICS, default=TOPICS)
    parser.add_argument("--process", choices=TOPICS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build, options.out = options.build.resolve(), options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    digits = DigitsRun(options.build, options.out / "digits")
    if options.process:
        compare(options.process, digits, options.out / f"{options.process}.json")
        return 0
    digits.make()
    results = compare_all(options)
    rows = [row for result in results.values() for row in result.rows.values()]
    text = text_of(results, rows)
    (options.out / "peers.md").write_text(text)
    print(text)
    for result in results.values():
        for reason in result.skipped:
            print(f"skipped: {reason}")
    failed = [row for row in rows if not row.holds]
    print(f"{len(rows)} comparisons, of which {sum(row.is_control for row in rows)} are broken on purpose; "
          f"{len(failed)} failed")
    for row in failed:
        print(f"failed: {row.what}, {row.peer}: {row.difference:.1e}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
