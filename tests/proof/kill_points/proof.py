"""SIGKILL before every system call that changes a file or its name."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import tiny
from harness.proof import Outcome, Part, Proof
from kill_points.networks import CONTROL, NETWORKS
from kill_points.scenarios import (Scenario, all_scenarios, command, control, data_of, prepare,
                                   traced)
from kill_points.states import check_config, files_of, torn, unequal

PER_SCENARIO_QUICK = 2
MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
       "OMPI_MCA_rmaps_base_oversubscribe": "1"}


@dataclass(frozen=True)
class Reference:
    """A scenario that nothing disturbed: folders before and after, and its number of calls."""

    scenario: Scenario
    before: Path
    after: Path
    calls: int


@dataclass(frozen=True)
class Kill:
    reference: Reference
    call: int  # from 1
    folder: Path


def run_in(folder: Path, words: list[str]) -> subprocess.CompletedProcess[bytes]:
    return tiny.run(words, folder, env={**os.environ, **MPI})


def measure(part: Part, scenario: Scenario) -> Reference:
    place = part.folder / "references" / scenario.title.replace("/", "-")
    before, after = place / "before", place / "after"
    prepare(part, scenario, before)
    shutil.copytree(before, after)
    calls = place / "calls.txt"
    done = run_in(after, traced(part, scenario, after, "--list", str(calls)))
    if done.returncode != 0:
        raise RuntimeError(f"{scenario.title}: {done.stderr.decode()}")
    return Reference(scenario, before, after, len(calls.read_text().splitlines()))


def attack(part: Part, kill: Kill) -> list[str]:
    """What does not hold after one kill."""
    reference, scenario, folder = kill.reference, kill.reference.scenario, kill.folder
    shutil.copytree(reference.before, folder)
    killed = run_in(folder, traced(part, scenario, folder, "--kill", str(kill.call)))
    known = [files_of(reference.before), files_of(reference.after)]
    wrong = check_config(folder)
    wrong += torn(folder, known, [part.program("bnn-eval"), "--quiet", "--samples", "1",
                                  "--bootstrap", "0"])
    if killed.returncode == 0:
        wrong.append("the command ended with 0")
    again = run_in(folder, command(part, scenario.network, scenario.again))
    if again.returncode != 0:
        wrong.append(f"afterwards: {again.stderr.decode().strip()}")
    wrong += unequal(folder, reference.after)
    shutil.rmtree(folder)
    return [f"{scenario.title}, killed before call {kill.call}: {what}" for what in wrong]


def points_of(part: Part, reference: Reference) -> list[int]:
    points = list(range(1, reference.calls + 1))
    if not part.is_quick:
        return points
    step = max(1, len(points) // PER_SCENARIO_QUICK)
    return points[part.seed % step::step][:PER_SCENARIO_QUICK]


def check_control(part: Part) -> list[str]:
    """The proof itself works: it finds the half file of a program that writes in place."""
    reference = measure(part, control())
    wrong = [what for call in range(1, reference.calls + 1)
             for what in attack(part, Kill(reference, call, part.folder / f"control-{call}"))]
    return [] if any("neither the old nor the new" in what for what in wrong) else [
        "the control, a program that writes in place, was not found out"]


def run(part: Part) -> Outcome:
    outcome = Outcome()
    for network in (*NETWORKS, CONTROL):
        network.write(data_of(part, network))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcome.findings += check_control(part)
        references = list(pool.map(lambda scenario: measure(part, scenario), all_scenarios()))
        kills = [Kill(reference, call, part.folder / f"{i}-{call}")
                 for i, reference in enumerate(references) for call in points_of(part, reference)]
        for wrong in pool.map(lambda kill: attack(part, kill), part.own(kills)):
            outcome.tried += 1
            outcome.findings += wrong
    of_ranks = sum(reference.scenario.rank >= 0 for reference in references)
    outcome.detail = (f"{len(references)} commands, {of_ranks} of them on two MPI ranks, "
                      f"{sum(reference.calls for reference in references)} calls")
    return outcome


PROOF = Proof(name="kill_points", order=1, unit="kill points", full=0, parts=4, minutes=40, run=run)
