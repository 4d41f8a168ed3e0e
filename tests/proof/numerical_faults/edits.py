"""One number of a good checkpoint becomes another, in every tensor."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

from harness import tiny
from harness.proof import Part
from numerical_faults.commands import (LAST, RESUME, TRAIN, evaluate, faults_of_end,
                                       faults_of_folder, run)
from numerical_faults.networks import LAYERS, TRAININGS
from numerical_faults.tensors import Checkpoint

VALUES = (math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 1e30, -1e19, 1e-45, 0.0, -1.0)


@dataclass(frozen=True)
class Edit:
    network: str
    training: str
    tensor: str
    value: float

    @property
    def title(self) -> str:
        return f"{self.network}, {self.training}: {self.value} in {self.tensor}"


def base_of(part: Part, network: str, training: str) -> Path:
    return part.folder / "bases" / f"{network}-{training}"


def make_base(part: Part, network: str, training: str) -> None:
    """A run that stopped in the middle of its second epoch."""
    folder = base_of(part, network, training)
    tiny.write_data(folder)
    tiny.write_config(folder / "tiny.json",
                      tiny.config(LAYERS[network], **TRAININGS[training]))  # type: ignore[arg-type]
    done = run(part, folder, "bnn-train", [*TRAIN, "--max-steps", "3"])
    if done.returncode != 0:
        raise RuntimeError(f"{network}, {training}: {done.stderr.decode()}")


def all_edits(part: Part) -> list[Edit]:
    edits = []
    for network in LAYERS:
        for training in TRAININGS:
            make_base(part, network, training)
            names = Checkpoint.read(base_of(part, network, training) / LAST).values
            edits += [Edit(network, training, name, value) for name in sorted(names)
                      for value in VALUES]
    return edits


def attack(part: Part, edit: Edit, folder: Path) -> list[str]:
    """What does not hold."""
    shutil.copytree(base_of(part, edit.network, edit.training), folder)
    checkpoint = Checkpoint.read(folder / LAST)
    checkpoint.values[edit.tensor][-1] = edit.value
    checkpoint.write(folder / LAST)
    before = (folder / LAST).read_bytes()
    codes = {0, 5, 7} if math.isfinite(edit.value) else {5}
    wrong = evaluate(part, folder, codes)
    resumed = run(part, folder, "bnn-train", RESUME)
    wrong += [f"bnn-train --resume {what}" for what in faults_of_end(resumed, codes)]
    if resumed.returncode == 5 and (folder / LAST).read_bytes() != before:
        wrong.append("a refused checkpoint was changed")
    if math.isfinite(edit.value):
        wrong += faults_of_folder(folder)
    if resumed.returncode == 7:
        again = run(part, folder, "bnn-train", RESUME)
        if (again.returncode, again.stderr) != (7, resumed.stderr):
            wrong.append(f"resumed again, it ended with {again.returncode}: {again.stderr!r}")
    shutil.rmtree(folder)
    return [f"{edit.title}: {what}" for what in wrong]
