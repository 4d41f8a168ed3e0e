"""Trainers with one fault each, which the proof must find, and one without, which it must not."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from limits.limit import HERE, Case, Limit, shell
from limits.tasks import TRAIN, Places

SMALL_FILES = Limit("files of at most 40 KiB", ("prlimit", "--fsize=40960"))
LITTLE_MEMORY = Limit("little memory", ("prlimit", "--as=600000000"))
NO_OUTPUT = Limit("1 closed", shell('exec "$@" >&-'), codes=frozenset({0}), is_seen=False)


@dataclass(frozen=True)
class Control:
    fault: str
    limit: Limit
    says: str  # part of what must be found; "": nothing must


CONTROLS = [
    Control("none", SMALL_FILES, ""),
    Control("writes in place", SMALL_FILES, "not whole"),
    Control("ignores errors", SMALL_FILES, "code 0 without checkpoints/last.safetensors"),
    Control("leaves a temporary file", SMALL_FILES, ".tmp."),
    Control("says nothing", SMALL_FILES, "with 0 sentences"),
    Control("says two things", SMALL_FILES, "with 2 sentences"),
    Control("dies of the signal", SMALL_FILES, "code -25"),
    Control("does not go on", SMALL_FILES, "afterwards"),
    Control("waits for memory", LITTLE_MEMORY, "hangs"),
    Control("writes lines to the checkpoint", NO_OUTPUT, "other bits"),
    Control("creates before it refuses", replace(SMALL_FILES, changes_nothing=True), "changed run")]


def stand_in(control: Control, places: Places, folder: Path) -> Places:
    """Programs of which bnn-train has the fault."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("bnn-export", "bnn"):
        (folder / name).symlink_to(Path(places.programs) / name)
    script = folder / "bnn-train"
    words = f'"{sys.executable}" -ES "{HERE}/faulty_trainer.py" "{control.fault}" "{places.given}/run"'
    script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    script.chmod(0o755)
    return replace(places, programs=folder)


def control_case(control: Control) -> Case:
    return Case(f"a trainer that {control.fault}", TRAIN, control.limit)
