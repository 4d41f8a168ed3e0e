"""A grid of limits and programs: each ends as the manual says, damages nothing, and goes on afterwards."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections import Counter
from dataclasses import replace

from harness.memory_folder import memory_folder
from harness.proof import Outcome, Part, Proof
from limits import descriptors, disk, memory, surroundings
from limits.control import CONTROLS, Control, control_case, stand_in
from limits.limit import Case
from limits.oracle import (check_afterwards, check_end, check_files, check_result, leaves_out, tree,
                           was_not_loaded)
from limits.reference import Reference, make_reference, result_of
from limits.start import start
from limits.tasks import LONG, Places

TIMEOUT = 30.0
QUICK_OF_A_FAMILY, QUICK_OF_SLOW_ONES = 5, 1


def can_be_another(places: Places) -> bool:
    """Whether another user reaches the programs and the folder."""
    if os.geteuid() != 0:
        return True
    script = f'test -x "{places.programs}/bnn-train" && test -r "{places.given}/config.json"'
    return subprocess.run([*memory.NOBODY, "sh", "-c", script], check=False).returncode == 0


def all_cases(reference: Reference) -> tuple[list[Case], list[str]]:
    """And what this machine cannot do."""
    size, left_out = reference.checkpoint_bytes, []
    found = disk.full_device() + disk.file_size(size) + descriptors.few() + descriptors.closed()
    found += descriptors.full() + descriptors.without_reader() + descriptors.standard_output_to_full_device()
    found += memory.address_space(reference.places.program("bnn")) + memory.stack()
    found += surroundings.in_the_place_of_outputs()
    found += surroundings.environment() + surroundings.processor_time()
    if disk.can_mount():
        found += disk.full_disk(size) + disk.freed_disk()
    else:
        left_out.append("full disks, since no file system can be mounted")
    if can_be_another(reference.places):
        found += memory.threads() + surroundings.as_other_user()
    else:
        left_out.append("another user's limits, since it cannot reach the folder")
    if shutil.which("mpirun") is None or not os.access(reference.places.programs / "bnn-train-mpi", os.X_OK):
        found = [case for case in found if not case.task.launched]
        left_out.append("two processes, since there is no Open MPI")
    return found, left_out


def attempt(case: Case, reference: Reference, timeout: float = TIMEOUT) -> tuple[list[str], bool]:
    """What does not hold, and whether the program began."""
    places, task = reference.places, case.task
    task.lay(places)
    undo = case.limit.prepare(places) if case.limit.prepare else None
    before = tree(places.work)
    source = places.given / task.input if task.input else None
    ended = start(case.words(places), places.given, source, timeout)
    wrong = check_end(case, ended)
    wrong += check_files(case, ended, before, reference)
    if undo:
        undo()
    if leaves_out(case, ended):
        wrong += check_afterwards(case, reference)
    elif ended.code == 0:
        wrong += check_result(task, result_of(task, places, ended.out), reference.results[task.name],
                              case.limit.is_seen)
    else:
        wrong += check_afterwards(case, reference)
    return [f"{case.name}: {sentence}" for sentence in wrong], not was_not_loaded(case, ended)


def check_control(control: Control, part: Part, reference: Reference) -> list[str]:
    faulty = replace(reference, places=stand_in(control, reference.places, part.folder / "control"))
    found, _ = attempt(control_case(control), faulty, timeout=3)
    if control.says:
        is_right = any(control.says in sentence for sentence in found)
    else:
        is_right = not found
    return [] if is_right else [f"control: of a trainer that {control.fault} the proof says {found}"]


def quick_number(family: list[Case]) -> int:
    return QUICK_OF_SLOW_ONES if family[0].task is LONG else QUICK_OF_A_FAMILY


def quick_share(cases: list[Case], seed: int) -> list[Case]:
    """A few of each family."""
    families: dict[str, list[Case]] = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    numbers = random.Random(seed)
    return [case for family in families.values()
            for case in numbers.sample(family, min(quick_number(family), len(family)))]


def run(part: Part) -> Outcome:
    with memory_folder(part.folder) as folder:
        places = Places(part.build, folder / "given", folder / "case" / "work")
        return run_in(part, make_reference(places))


def run_in(part: Part, reference: Reference) -> Outcome:
    cases, left_out = all_cases(reference)
    cases = quick_share(cases, part.seed) if part.is_quick else part.own(cases)
    outcome = Outcome()
    for control in CONTROLS:
        outcome.findings += check_control(control, part, reference)
    not_loaded = 0
    for case in cases:
        wrong, began = attempt(case, reference)
        outcome.findings += wrong
        outcome.tried += 1
        not_loaded += not began
    numbers = ", ".join(f"{name} {count}" for name, count in Counter(case.family for case in cases).items())
    outcome.detail = "; ".join([f"{numbers}; the system could not load the program in {not_loaded}; "
                                f"{len(CONTROLS)} controls"]
                               + [f"left out: {what}" for what in left_out])
    return outcome


PROOF = Proof(name="limits", order=4, unit="limits", full=0, parts=2, minutes=30, run=run)
