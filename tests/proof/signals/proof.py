"""Runs that are stopped by signals at random times, with other threads each time, become what they should."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import tiny
from harness.memory_folder import memory_folder
from harness.proof import Outcome, Part, Proof
from signals.chain import Reference, Report, run_chain
from signals.control import CONTROLS, SIGTERM_HALFWAY, Control, stand_in
from signals.images import files, write_images
from signals.networks import NETWORKS, Network
from signals.stops import random_stops
from signals.training import Training, content

EXAMPLES, HELD_OUT = 240, 40
FULL, QUICK = 3000, 6
SHARE_OF_TWO_PROCESSES = 0.08
WORKERS = 2
CONTROLLED = next(network for network in NETWORKS if network.name.startswith("shared"))


@dataclass(frozen=True)
class Bench:
    part: Part
    folder: Path
    two_processes: float  # share of stops

    def training(self, network: Network, name: str, programs: Path | None = None) -> Training:
        config = self.folder / f"{NETWORKS.index(network)}.json"
        return Training(programs or self.part.build, self.folder / name, self.folder, config, network.options)


def make_reference(bench: Bench, network: Network) -> Reference:
    number = NETWORKS.index(network)
    tiny.write_config(bench.folder / f"{number}.json", network.config(files(HELD_OUT)))
    training = bench.training(network, f"whole-{number}")
    begin = time.monotonic()
    ended = training.finish(threads=2)
    seconds = time.monotonic() - begin
    if ended.code != 0:
        raise RuntimeError(f"{network.name} without a signal: code {ended.code}: {ended.err}")
    reference = Reference(content(training.run), seconds)
    shutil.rmtree(training.folder)
    return reference


def run_case(bench: Bench, case: int, references: dict[str, Reference]) -> Report:
    network = NETWORKS[case % len(NETWORKS)]
    numbers = random.Random(f"{bench.part.seed} {case}")
    training = bench.training(network, f"case-{case}")
    stops = random_stops(numbers, bench.two_processes)
    report = run_chain(training, references[network.name], stops, numbers)
    report.wrong = [f"run {case}, {network.name}: {sentence}" for sentence in report.wrong]
    shutil.rmtree(training.folder)
    return report


def check_control(bench: Bench, control: Control, reference: Reference) -> list[str]:
    name = f"control-{CONTROLS.index(control)}"
    programs = stand_in(control, bench.part.build, bench.part.folder / name)
    training = bench.training(CONTROLLED, name, programs)
    report = run_chain(training, reference, [SIGTERM_HALFWAY], random.Random(1))
    shutil.rmtree(training.folder)
    is_right = any(control.says in sentence for sentence in report.wrong) if control.says else not report.wrong
    return [] if is_right else [f"control: of a trainer that {control.fault} the proof says {report.wrong}"]


def run(part: Part) -> Outcome:
    cases = random.Random(part.seed).sample(range(FULL), QUICK) if part.is_quick else part.own(range(FULL))
    has_mpi = shutil.which("mpirun") is not None and os.access(part.build / "bnn-train-mpi", os.X_OK)
    with memory_folder(part.folder, megabytes=256) as folder, ThreadPoolExecutor(WORKERS) as workers:
        images = write_images(folder, EXAMPLES)
        bench = Bench(part, folder, SHARE_OF_TWO_PROCESSES if has_mpi else 0.0)
        used = [network for i, network in enumerate(NETWORKS)
                if network is CONTROLLED or any(case % len(NETWORKS) == i for case in cases)]
        references = dict(zip((network.name for network in used),
                              workers.map(lambda network: make_reference(bench, network), used)))
        outcome, hits = Outcome(tried=len(cases)), Counter[str]()
        reference = references[CONTROLLED.name]
        for wrong in workers.map(lambda control: check_control(bench, control, reference), CONTROLS):
            outcome.findings += wrong
        for report in workers.map(lambda case: run_case(bench, case, references), cases):
            outcome.findings += report.wrong
            hits += report.hits
    stops = ", ".join(f"{name} {count}" for name, count in sorted(hits.items()))
    outcome.detail = f"{images}; {hits.total()} stops: {stops}; {len(CONTROLS)} controls"
    if not has_mpi:
        outcome.detail += "; left out: two processes, since there is no Open MPI"
    return outcome


PROOF = Proof(name="signals", order=5, unit="stopped runs", full=FULL, parts=5, minutes=40, run=run)
