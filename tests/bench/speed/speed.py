"""Compares the speed of bnn with PyTorch's on the same networks; see tests/bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from process import run
from programs import Programs
from records import Records
from report import report
from rounds import choose_setups, measure_full_set, measure_prediction, measure_training
from torch_setup import WAITING


def machine(build: Path) -> str:
    """One sentence: processor, PyTorch, and what our programs say they are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    ours = run([str(build / "bnn-train"), "--version"]).output.split("\n")
    return (f"{names[0] if names else 'Unknown processor'}, {len(os.sched_getaffinity(0))} CPUs, "
            f"PyTorch {version('torch')}; {', '.join(line.strip() for line in ours if line)}.")


def say(text: str) -> None:
    """Tells on stderr how far it is."""
    print(text, file=sys.stderr, flush=True)


def check(programs: Programs) -> list[dict]:
    """Ends here if bnn and the port compute different things; what was compared."""
    script = Path(__file__).parent / "same_function.py"
    return json.loads(run([sys.executable, str(script), str(programs.build),
                           str(programs.work)], WAITING["sleep"]).output)


def main() -> None:
    """Checks, measures, and writes speed.json and speed.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="folder of the results")
    parser.add_argument("--build", type=Path, default=Path("build"), help="folder of the programs")
    parser.add_argument("--repeats", type=int, default=7, help="rounds (default: 7)")
    options = parser.parse_args()
    # What an earlier run left may be of other networks.
    shutil.rmtree(options.out / "work", ignore_errors=True)
    programs = Programs(options.build.resolve(), options.out.resolve() / "work")
    say("checking that bnn and the PyTorch port compute the same function")
    result = {"machine": machine(programs.build), "same_function": check(programs)}
    say("choosing PyTorch's set-up")
    setups = choose_setups(programs)
    result["torch_setups"] = [{**vars(key), **vars(setup)} for key, setup in setups.items()]
    records = Records()
    for number in range(1, options.repeats + 1):
        say(f"round {number} of {options.repeats}")
        for measure in (measure_training, measure_prediction, measure_full_set):
            measure(programs, setups, records, number)
        result["runs"] = records.to_json()
        (options.out / "speed.json").write_text(json.dumps(result, indent=1) + "\n")
        (options.out / "speed.md").write_text(report(records, result["machine"]))
    print((options.out / "speed.md").read_text(), end="")


if __name__ == "__main__":
    main()
