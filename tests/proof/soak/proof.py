"""Programs that go on for long: their memory, descriptors and times stay what they were."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from harness.proof import Outcome, Part, Proof
from soak.activities import Bench, rounds_of
from soak.series import check, summary
from soak.watched import Activity

HERE = Path(__file__).resolve().parent
SECONDS, QUICK_SECONDS, CONTROL_SECONDS = 30 * 60.0, 15.0, 15.0
CONTROLS = {"none": "", "memory": "memory grew", "descriptors": "descriptors grew", "time": "a unit took"}


def watch_all(activities: list[Activity], seconds: float) -> None:
    interval = max(0.1, seconds / 1000)
    threads = [threading.Thread(target=activity.watch, args=(seconds, interval)) for activity in activities]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_controls(activities: dict[str, Activity]) -> list[str]:
    wrong = []
    for fault, activity in activities.items():
        found = check(activity.name, activity.samples) + activity.wrong
        says = CONTROLS[fault]
        if not (any(says in sentence for sentence in found) if says else not found):
            wrong.append(f"control: of a program that leaks {fault} the proof says {found}")
    return wrong


def run(part: Part) -> Outcome:
    bench = Bench(part.build, part.folder)
    controls = {fault: rounds_of(f"control {fault}", [sys.executable, str(HERE / "leaky.py"), fault], part.folder)
                for fault in CONTROLS}
    activities, left_out = bench.all(), ""
    if not os.access(part.build / "bnn-proof-soak", os.X_OK):
        activities, left_out = activities[:-1], "; left out: libbnn, since bnn-proof-soak is not built"
    seconds = QUICK_SECONDS if part.is_quick else SECONDS
    controller = threading.Thread(target=watch_all, args=(list(controls.values()), CONTROL_SECONDS))
    controller.start()
    watch_all(activities, seconds)
    controller.join()
    findings = check_controls(controls)
    for activity in activities:
        findings += check(activity.name, activity.samples) + activity.wrong
    detail = "; ".join(summary(activity.name, activity.unit, activity.samples) for activity in activities)
    return Outcome(round(len(activities) * seconds / 60) or 1, findings,
                   f"{seconds:.0f} s each: {detail}; {len(controls)} controls{left_out}")


PROOF = Proof(name="soak", order=10, unit="minutes of programs", full=600, parts=4, minutes=32, run=run)
