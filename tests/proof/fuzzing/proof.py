"""Every reader of files takes any bytes: it accepts them or says in a sentence what is wrong."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from fuzzing import fuzzer, programs, quick
from fuzzing.dictionary import dictionary_of
from fuzzing.targets import TARGETS, Slot, all_slots
from harness.proof import Outcome, Part, Proof

PROGRAM_SLOTS = 4
SLOTS: list[Slot | int] = [*all_slots(), *range(1, PROGRAM_SLOTS + 1)]  # a number: whole programs
PARTS = -(-len(SLOTS) // 2)


def run_quick(part: Part) -> Outcome:
    program = part.program("bnn-fuzz-quick")
    outcome = Outcome(findings=quick.check_control(program, part.folder))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        reports = list(pool.map(
            lambda target: quick.run_target(program, target.name, target.quick, part.seed,
                                            part.folder), TARGETS))
    reports.append(programs.run(part, programs.QUICK_RUNS, part.folder / "programs", part.seed))
    for report in reports:
        outcome.tried += report.tried
        outcome.findings += report.findings
    outcome.detail = f"{len(TARGETS)} targets, {reports[-1].tried} runs of programs"
    return outcome


def run(part: Part) -> Outcome:
    if part.is_quick:
        return run_quick(part)
    program = fuzzer.built(part.build) / fuzzer.PROGRAM
    outcome = Outcome(findings=fuzzer.check_control(program, part.folder / "control"))
    tried: Counter[str] = Counter()

    def run_slot(slot: Slot | int) -> fuzzer.Report:
        if isinstance(slot, Slot):
            folder = part.folder / slot.title.replace("/", " of ").replace(" ", "-")
            words = dictionary_of(slot.target.name, part.program("bnn-train"), part.folder)
            report = fuzzer.run_slot(program, slot, folder, part.seed, words)
            tried[slot.target.name] += report.tried
        else:
            report = programs.run(part, programs.RUNS // PROGRAM_SLOTS, part.folder / str(slot),
                                  100 * part.seed + slot)
            tried["programs"] += report.tried
        return report

    with ThreadPoolExecutor(2) as pool:
        for report in pool.map(run_slot, part.own(SLOTS)):
            outcome.tried += report.tried
            outcome.findings += report.findings
    counts = ", ".join(f"{name} {count:,}" for name, count in tried.items())
    outcome.detail = f"{counts}; instrumented: {fuzzer.versions(part.build)}"
    return outcome


PROOF = Proof(name="fuzzing", order=7, unit="inputs",
              full=sum(target.inputs for target in TARGETS) + programs.RUNS, parts=PARTS, minutes=45,
              run=run)
