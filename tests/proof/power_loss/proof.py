"""A power cut after every operation, in every order that the disk may have used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from attacked.networks import NETWORKS, Network
from attacked.reference import run_in
from attacked.scenarios import Scenario, command, data_of, scenarios_of
from attacked.states import files_of, left_behind, unequal
from harness.proof import Outcome, Part, Proof
from power_loss.cut_run import (CutRun, cuts, finished_contents, key_of, lost, record, torn,
                                unseen)
from power_loss.cuts import State

QUICK_STATES = 40  # in which the program goes on
CARELESS = str(Path(__file__).with_name("careless_saver.py"))
# Way of saving, and what must be found.
CONTROLS = (("in-place", "torn"), ("file-not-synced", "torn"), ("folder-not-synced", "lost"))


def scenarios(part: Part) -> list[Scenario]:
    networks = NETWORKS[1:2] if part.is_quick else NETWORKS
    return [scenario for network in networks for scenario in scenarios_of(network)
            if scenario.rank < 0]


def write_state(state: State, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in state.items():
        if content is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(content)


def go_on(part: Part, run: CutRun, state: State, folder: Path) -> list[str]:
    """What does not hold when the command is given again after the cut."""
    write_state(state, folder)
    scenario = run.scenario
    done = run_in(folder, command(part, scenario.network, scenario.again))
    wrong = [] if done.returncode == 0 else [done.stderr.decode().strip()]
    wrong += unequal(folder, run.after) + left_behind(folder)
    shutil.rmtree(folder)
    return [f"{scenario.title}, afterwards: {what}" for what in wrong]


@dataclass
class Survey:
    """`distinct` holds one of each kind of states that differ in what counts."""

    states: int = 0
    wrong: set[str] = field(default_factory=set)
    distinct: dict[Hashable, State] = field(default_factory=dict)


def survey(run: CutRun) -> Survey:
    result, after, before = Survey(wrong=set(unseen(run))), files_of(run.after), -1
    finished: set[bytes] = set()
    for operations, disk, state in cuts(run):
        if operations != before:
            before, finished = operations, finished_contents(disk, after)
        result.states += 1
        found = torn(state, finished)
        if operations == len(run.operations):
            found += lost(state, after)
        result.wrong |= {f"{run.scenario.title}: {what}" for what in found}
        result.distinct.setdefault(key_of(state), state)
    return result


def check_controls(part: Part) -> list[str]:
    """The proof itself works: it finds three wrong ways to save."""
    missed = []
    for way, expected in CONTROLS:
        network = Network(way, lambda folder: folder.mkdir(parents=True))
        network.write(data_of(part, network))
        words = ("/usr/bin/python3", CARELESS, way)
        run = record(part, Scenario("control", network, (), words, words))
        if not any(expected in what for what in survey(run).wrong):
            missed.append(f"the control, a program that saves {way}, was not found out")
    return missed


def run(part: Part) -> Outcome:
    outcome = Outcome(findings=check_controls(part))
    for network in NETWORKS:
        network.write(data_of(part, network))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(lambda scenario: record(part, scenario), scenarios(part)))
        surveys = list(pool.map(survey, runs))
        for found in surveys if part.index == 1 else []:
            outcome.tried += found.states
            outcome.findings += sorted(found.wrong)
        states = [(run, state) for run, found in zip(runs, surveys)
                  for state in found.distinct.values()]
        chosen = part.own(states)
        if part.is_quick:
            chosen = chosen[part.seed % 7::max(1, len(chosen) // QUICK_STATES)]
        cases = [(run, state, part.folder / f"state-{i}") for i, (run, state) in enumerate(chosen)]
        for wrong in pool.map(lambda case: go_on(part, *case), cases):
            outcome.findings += wrong
    outcome.detail = (f"{len(runs)} commands, {sum(len(run.operations) for run in runs)} operations, "
                      f"{len(states)} distinct states, in {len(chosen)} of which the program went on")
    return outcome


PROOF = Proof(name="power_loss", order=2, unit="states of the disk", full=0, parts=4, minutes=45,
              run=run)
