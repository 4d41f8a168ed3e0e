"""Each system call fails, once and for ever, with each error that it may give."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attacked.networks import NETWORKS, Network
from attacked.reference import Reference, measure, run_in, warnings_of
from attacked.scenarios import Scenario, command, data_of, scenarios_of, traced
from attacked.states import check_config, files_of, left_behind, torn, unequal
from error_injection.cases import Injection, cases_of, sample
from harness.proof import Outcome, Part, Proof

SECONDS = 30  # after which a run counts as hung
CODES = (2, 3, 4, 5, 6, 7, 8)
REMADE = "cache/"  # a cache with the date of a file that could not be read is made anew
# bnn-eval goes on without the scores of a file that it cannot make, and warns.
WARNED = {"evaluate": ("report.html has other",
                       "run/checkpoints/last.safetensors.features.safetensors is missing")}
CONTROL = Scenario("careless writer", Network("control", lambda folder: folder.mkdir(parents=True)),
                   (), *2 * [("/usr/bin/python3",
                              str(Path(__file__).with_name("careless_writer.py")))])


def bad_end(scenario: Scenario, done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """Why an end that is no success is none of the documented ones."""
    text = done.stderr.decode(errors="replace").strip()
    last = text.splitlines()[-1] if text else ""
    if done.returncode not in CODES:
        return [f"it ended with {done.returncode}: {text}"]
    if not last.startswith(f"{scenario.words[0]}: error: ") or len(last.encode()) > 500:
        return [f"its last words were '{last}'"]
    return []


def faults_of(part: Part, case: Injection, folder: Path) -> list[str]:
    reference, scenario = case.reference, case.reference.scenario
    options = [*case.options(), "--hit", str(hit_of(folder))]
    done = run_in(folder, traced(part, scenario, *options), SECONDS)
    if done.returncode == 0:
        is_warned, excused = warnings_of(done) > reference.warnings, WARNED.get(scenario.name, ())
        wrong = [f"it ended with 0, but {what}" for what in unequal(folder, reference.after)
                 if not what.startswith((REMADE, *(excused if is_warned else ())))]
        return wrong + ([] if case.may_leave_temporary else left_behind(folder))
    known = [files_of(reference.before), files_of(reference.after)]
    wrong = bad_end(scenario, done) + check_config(folder)
    wrong += torn(folder, known, [part.program("bnn-eval"), "--quiet", "--samples", "1",
                                  "--bootstrap", "0"])
    again = run_in(folder, command(part, scenario.network, scenario.again))
    if again.returncode != 0:
        wrong.append(f"afterwards: {again.stderr.decode().strip()}")
    return wrong + [f"afterwards {what}"
                    for what in unequal(folder, reference.after) + left_behind(folder)]


def hit_of(folder: Path) -> Path:
    """A file that is there when the call has failed: the number of calls varies a little."""
    return folder.with_suffix(".hit")


def inject(part: Part, case: Injection, folder: Path) -> list[str]:
    """What does not hold after one error."""
    shutil.copytree(case.reference.before, folder)
    try:
        wrong = faults_of(part, case, folder)
    except subprocess.TimeoutExpired as error:
        wrong = [f"{Path(error.cmd[0]).name} hung"]
    shutil.rmtree(folder, ignore_errors=True)
    return [f"{case.title}: {what}" for what in wrong]


def check_control(part: Part) -> list[str]:
    """The proof itself works: it finds a program that takes no notice of a full disk."""
    CONTROL.network.write(data_of(part, CONTROL.network))
    reference = measure(part, CONTROL, "--calls", "all")
    case = Injection(reference, "write", 1, "ENOSPC", is_ever=False)
    found = inject(part, case, part.folder / "control")
    return [] if any("ended with 0, but" in what for what in found) else [
        "the control, a program that takes no notice of errors, was not found out"]


def run(part: Part) -> Outcome:
    scenarios = [scenario for network in NETWORKS if network.name != "convolutions"
                 for scenario in scenarios_of(network) if scenario.rank < 0]
    outcome = Outcome(findings=check_control(part))
    for network in NETWORKS:
        network.write(data_of(part, network))

    def count_calls(scenario: Scenario) -> Reference:
        return measure(part, scenario, "--calls", "all")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        references = list(pool.map(count_calls, scenarios))
        cases = [case for reference in references for case in cases_of(reference)]
        own = [case for case in cases if part.owns(case.title)]
        chosen = sample(cases, part.seed) if part.is_quick else own
        folders = [part.folder / str(i) for i in range(len(chosen))]
        for folder, wrong in zip(folders, pool.map(lambda case, folder: inject(part, case, folder),
                                                   chosen, folders)):
            outcome.tried += hit_of(folder).exists()
            outcome.findings += wrong
    names = {case.call for case in cases}
    outcome.detail = (f"{len(references)} commands, {len(names)} kinds of calls, {len(cases)} errors, "
                      f"of which {len(chosen) - outcome.tried} met no call any more")
    return outcome


PROOF = Proof(name="error_injection", order=3, unit="injected errors", full=0, parts=8, minutes=45,
              run=run)
