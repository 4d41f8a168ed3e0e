"""What is equal whatever the threads, processes, builds and processors."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

from determinism.builds import other_programs
from determinism.comparison import Equality
from determinism.networks import Choice, config_of, covering
from determinism.table import Row, text_of
from determinism.variations import VARIATIONS, Place, Variation
from harness import tiny
from harness.proof import Outcome, Part, Proof

TRAINING_IMAGES = 48
ARRAYS = 2  # sets of networks in which every pair occurs, at full strength
QUICK_NETWORKS = 3
EMULATED_NETWORKS = 8  # an emulator takes some seconds for each


def place_of(part: Part, choice: Choice, number: int) -> Place:
    folder = part.folder / f"network-{number}"
    tiny.write_data(folder)
    tiny.write_config(folder / "config.json", config_of(choice))
    steps = 2 * math.ceil(TRAINING_IMAGES / int(str(choice["batch_size"])))
    place = Place(part, folder, steps, int(str(choice["shards"])))
    place.train(place.trainer(), "whole", "--threads", "2")
    return place


def check_control(place: Place) -> list[str]:
    """The proof itself works: it sees that another seed gives other numbers."""
    place.train(place.trainer(), "other", "--seed", "9")
    return [] if place.compared("other").distance > 0 else [
        "the control, a run with another seed, was taken for equal"]


def compare(place: Place, variation: Variation, row: Row, title: str) -> list[str]:
    """What was promised and does not hold."""
    found = []
    case = f"{title}, {variation.what}, {variation.name}"
    try:
        for equality in variation.compare(place):
            row.add(equality)
            if not equality.keeps(variation.promise):
                found.append(f"{case}: {say(equality)}; promised: {variation.promise}")
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        found.append(f"{case}: {error}")
    return found


def say(equality: Equality) -> str:
    return f"equal: {equality.level}, distance {equality.distance:.2g}"


def run(part: Part) -> Outcome:
    choices = [choice for i in range(ARRAYS) for choice in covering(part.seed + 1000 * i)]
    variations = list(VARIATIONS)
    if part.is_quick:
        choices = choices[:QUICK_NETWORKS]
    else:
        choices = part.own(choices)
        variations += other_programs(part.build / "determinism")
    outcome = Outcome()
    rows = {variation: Row(variation) for variation in variations}
    for number, choice in enumerate(choices):
        place = place_of(part, choice, number)
        if number == 0:
            outcome.findings += check_control(place)
        for variation in variations:
            if "emulated" not in variation.name or number < EMULATED_NETWORKS:
                outcome.findings += compare(place, variation, rows[variation], str(choice))
    outcome.tried = sum(row.tried for row in rows.values())
    outcome.detail = f"{len(choices)} networks, {len(variations)} variations"
    if not part.is_quick:
        Path(__file__).with_name("table.md").write_text(text_of(list(rows.values()), len(choices)))
    return outcome


PROOF = Proof(name="determinism", order=9, unit="comparisons", full=0, parts=1, minutes=55, run=run)
