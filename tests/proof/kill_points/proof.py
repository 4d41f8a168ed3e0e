"""SIGKILL before every system call that changes a file or its name."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from attacked.networks import NETWORKS
from attacked.reference import Reference, measure, place_of, run_in
from attacked.scenarios import Scenario, all_scenarios, command, data_of, traced
from attacked.states import check_config, files_of, left_behind, torn, unequal
from harness.proof import Outcome, Part, Proof
from kill_points.control import CONTROL

PER_SCENARIO_QUICK = 2
KILLED = 128 + 9
# The second rank changes no file. It dies at calls of other kinds, of any file or of none, from its
# first image on: where a rank dies while MPI starts, mpirun of Open MPI 4.1 can wait for ever.
OTHER_CALLS = "openat,read,write,close,mmap,munmap,fstat"


@dataclass(frozen=True)
class Kill:
    reference: Reference
    call: int  # from 1
    folder: Path

    @property
    def title(self) -> str:
        return f"{self.reference.scenario.title}, killed before call {self.call}"


def counted(part: Part, scenario: Scenario, folder: Path) -> list[str]:
    """The options of the tracer that choose the calls."""
    if scenario.rank == 1:
        return ["--calls", OTHER_CALLS, "--after", str(data_of(part, scenario.network))]
    return ["--below", str(folder), "--calls", "changes"]


def count_calls(part: Part, scenario: Scenario) -> Reference:
    return measure(part, scenario, *counted(part, scenario, place_of(part, scenario) / "after"))


def faults_of(part: Part, kill: Kill) -> list[str] | None:
    """What does not hold after one kill; None if a rank ended before that call."""
    reference, scenario, folder = kill.reference, kill.reference.scenario, kill.folder
    hit = folder.with_suffix(".hit")
    killed = run_in(folder, traced(part, scenario, *counted(part, scenario, folder),
                                   "--kill", str(kill.call), "--hit", str(hit)))
    if scenario.rank >= 0 and not hit.exists():
        return None
    known = [files_of(reference.before), files_of(reference.after)]
    wrong = check_config(folder)
    wrong += torn(folder, known, [part.program("bnn-eval"), "--quiet", "--samples", "1",
                                  "--bootstrap", "0"])
    if scenario.rank < 0 and killed.returncode != KILLED:
        wrong.append(f"the command was not killed, and ended with {killed.returncode}")
    if scenario.rank >= 0 and killed.returncode == 0:  # mpirun has codes of its own
        wrong.append("the command ended with 0")
    again = run_in(folder, command(part, scenario.network, scenario.again))
    if again.returncode != 0:
        wrong.append(f"afterwards: {again.stderr.decode().strip()}")
    return wrong + unequal(folder, reference.after) + left_behind(folder)


def attack(part: Part, kill: Kill) -> list[str] | None:
    shutil.copytree(kill.reference.before, kill.folder)
    try:
        wrong = faults_of(part, kill)
    except subprocess.TimeoutExpired as error:
        wrong = [f"{Path(error.cmd[0]).name} hangs"]
    shutil.rmtree(kill.folder, ignore_errors=True)
    return None if wrong is None else [f"{kill.title}: {what}" for what in wrong]


def points_of(part: Part, reference: Reference) -> list[int]:
    points = list(range(1, len(reference.calls) + 1))
    if not part.is_quick:
        return points
    step = max(1, len(points) // PER_SCENARIO_QUICK)
    return points[part.seed % step::step][:PER_SCENARIO_QUICK]


def check_control(part: Part) -> list[str]:
    """The proof itself works: it finds the half file of a program that writes in place."""
    reference = count_calls(part, CONTROL)
    wrong = [what for call in range(1, len(reference.calls) + 1)
             for what in attack(part, Kill(reference, call, part.folder / f"control-{call}")) or ()]
    return [] if any("neither the old nor the new" in what for what in wrong) else [
        "the control, a program that writes in place, was not found out"]


def run(part: Part) -> Outcome:
    outcome = Outcome()
    for network in (*NETWORKS, CONTROL.network):
        network.write(data_of(part, network))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcome.findings += check_control(part)
        references = list(pool.map(lambda scenario: count_calls(part, scenario), all_scenarios()))
        outcome.findings += [f"{reference.scenario.title}: no call was counted"
                             for reference in references if not reference.calls]
        kills = [Kill(reference, call, part.folder / f"{i}-{call}")
                 for i, reference in enumerate(references) for call in points_of(part, reference)]
        own = [kill for kill in kills if part.owns(kill.title)]
        attacked = [wrong for wrong in pool.map(lambda kill: attack(part, kill), own)
                    if wrong is not None]
    outcome.tried += len(attacked)
    outcome.findings += [what for wrong in attacked for what in wrong]
    of_ranks = sum(reference.scenario.rank >= 0 for reference in references)
    outcome.detail = (f"{len(references)} commands, {of_ranks} of them on two MPI ranks, "
                      f"{sum(len(reference.calls) for reference in references)} calls; "
                      f"{len(own) - len(attacked)} kills came after the end of their rank")
    return outcome


PROOF = Proof(name="kill_points", order=1, unit="kill points", full=0, parts=2, minutes=25, run=run)
