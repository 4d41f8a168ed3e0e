"""A power cut after every operation, in every order that the disk may have used."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from attacked.networks import NETWORKS
from attacked.scenarios import Scenario, data_of, scenarios_of
from attacked.states import left_behind
from harness.proof import Outcome, Part, Proof
from power_loss.control import check_controls
from power_loss.cut_run import CutRun, Survey, record, survey
from power_loss.disk import State
from power_loss.second_cuts import cut_again, go_on

# Commands whose results replace older ones, and depend on the seed.
SEEDED = ("find-learning-rate", "evaluate", "part", "calibrate", "predict")
QUICK_STATES, QUICK_SECOND_CUTS = 40, 4  # in which the program goes on, and is cut again


def over_old_results(scenario: Scenario) -> Scenario:
    """The same where the results of another seed are there already."""
    return replace(scenario, name=f"{scenario.name} again",
                   before=(*scenario.before, (*scenario.words, "--seed", "9")))


def scenarios(part: Part) -> list[Scenario]:
    networks = NETWORKS[1:2] if part.is_quick else NETWORKS
    alone = [scenario for network in networks for scenario in scenarios_of(network)
             if scenario.rank < 0]
    return alone + [over_old_results(scenario) for scenario in alone if scenario.name in SEEDED]


def attack(part: Part, run: CutRun, state: State, folder: Path, has_second_cut: bool
           ) -> tuple[int, list[str]]:
    """The number of states after second cuts, and what does not hold after the first or the second."""
    try:
        wrong = go_on(part, run, state, folder)
        wrong += [f"{run.scenario.title}, afterwards: {what}" for what in left_behind(folder)]
        shutil.rmtree(folder)
        if wrong or not has_second_cut:
            return 0, wrong
        return cut_again(part, run, state, folder)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return 0, [f"{run.scenario.title}, afterwards: {error}"]


def chosen_states(part: Part, surveys: list[tuple[CutRun, Survey]]) -> list[tuple[CutRun, State]]:
    """Of a part's cuts. The number of states varies a little with the clock, that of cuts does not."""
    chosen = [(run, state) for i, (run, found) in enumerate(surveys)
              for cut, state in found.distinct.values() if (i + cut) % part.count == part.index - 1]
    if not part.is_quick:
        return chosen
    step = max(1, len(chosen) // QUICK_STATES)
    return chosen[part.seed % step::step]


def run(part: Part) -> Outcome:
    outcome = Outcome(findings=check_controls(part))
    for network in NETWORKS:
        network.write(data_of(part, network))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda scenario: record(part, scenario), scenarios(part)))
        surveys = [survey(run) for run in runs]
        first = sum(found.states for found in surveys)
        if part.index == 1:
            outcome.tried += first
            outcome.findings += sorted(wrong for found in surveys for wrong in found.wrong)
        distinct = sum(len(found.distinct) for found in surveys)
        chosen = chosen_states(part, list(zip(runs, surveys)))
        step = max(1, len(chosen) // QUICK_SECOND_CUTS) if part.is_quick else 1
        cases = [(run, state, part.folder / f"state-{i}", i % step == 0)
                 for i, (run, state) in enumerate(chosen)]
        second = 0
        for tried, wrong in pool.map(lambda case: attack(part, *case), cases):
            second += tried
            outcome.findings += wrong
    outcome.tried += second
    outcome.detail = (f"{len(runs)} commands, {sum(len(run.operations) for run in runs)} operations, "
                      f"{first} states, {distinct} of them distinct; the program went on in "
                      f"{len(chosen)}, and a second cut gave {second} more")
    return outcome


PROOF = Proof(name="power_loss", order=2, unit="states of the disk", full=0, parts=2, minutes=35,
              run=run)
