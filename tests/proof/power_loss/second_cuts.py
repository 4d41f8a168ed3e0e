"""A second power cut, while a program makes good what the first has left."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

from attacked.reference import run_in
from attacked.scenarios import command
from attacked.states import unequal
from harness.proof import Part
from power_loss.cut_run import CutRun, recorded, survey
from power_loss.disk import State

AFTER_SECOND = 4  # states after each second cut in which the program goes on, drawn by the part's seed


def write_state(state: State, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, content in state.items():
        if content is None:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).write_bytes(content)


def go_on(part: Part, run: CutRun, state: State, folder: Path) -> list[str]:
    """What does not hold when the command is given again after a cut, but for temporary files."""
    write_state(state, folder)
    scenario = run.scenario
    done = run_in(folder, command(part, scenario.network, scenario.again))
    wrong = [] if done.returncode == 0 else [done.stderr.decode().strip()]
    wrong += unequal(folder, run.after)
    return [f"{scenario.title}, afterwards: {what}" for what in wrong]


def cut_again(part: Part, run: CutRun, state: State, place: Path) -> tuple[int, list[str]]:
    """The number of states after a second cut, and what does not hold in them."""
    write_state(state, place / "after")
    scenario = replace(run.scenario, name=f"{run.scenario.name}, cut again", words=run.scenario.again)
    recovery = recorded(part, scenario, place)
    found = survey(recovery)
    states = [state for _, state in found.distinct.values()]
    numbers = random.Random(f"{part.seed}/{part.index}/{place.name}")
    chosen = numbers.sample(states, min(AFTER_SECOND, len(states)))
    wrong = sorted(found.wrong)
    for number, left in enumerate(chosen):
        wrong += go_on(part, recovery, left, place / f"left-{number}")
    shutil.rmtree(place)
    return found.states, wrong
