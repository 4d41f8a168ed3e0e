"""Runs the parts of the attack. Each prints what held, and raises AssertionError where something did not."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from differences import differ, fail_alone, mix_launchers, mix_vectors
from hosts import two_hosts
from kills import kill_ranks
from signals import send_signals
from stalls import stall
from training import Attack, Programs

PARTS = {"kills": kill_ranks, "signals": send_signals, "stalls": stall, "launchers": mix_launchers,
         "differences": differ, "alone": fail_alone, "vectors": mix_vectors, "hosts": two_hosts}


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("build", type=Path)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    mpis = [Programs(name, (options.build / name).absolute()) for name in ("openmpi", "mpich")]
    with tempfile.TemporaryDirectory() as folder:
        attack = Attack(mpis, Path(folder), options.kills, options.seed)
        for name in options.only:
            try:
                PARTS[name](attack)
            except (AssertionError, subprocess.SubprocessError) as failure:
                raise SystemExit(f"tests/mpi.sh: error: {name}: {failure}") from failure
            finally:
                attack.end()


main()
