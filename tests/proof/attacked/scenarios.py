"""What is attacked: commands of each program, and what a user does afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attacked.networks import NETWORKS, Network
from harness import mpi, tiny
from harness.proof import Part

LAST = "run/checkpoints/last.safetensors"


@dataclass(frozen=True)
class Scenario:
    """A command in a folder that `before` has made, which `again` completes after an attack.

    Words begin with the name of a program; DATA stands for the folder of config and images, which all
    commands of a network share, since a run's files hold its path. `rank` is that of two MPI ranks
    which is attacked, or -1 without MPI.
    """

    name: str
    network: Network
    before: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    again: tuple[str, ...]
    rank: int = -1

    @property
    def title(self) -> str:
        return f"{self.network.name}/{self.name}"


def train(network: Network, *options: str) -> tuple[str, ...]:
    start = () if "--resume" in options else ("--config", "DATA/config.json")
    return ("bnn-train", *start, "--data", "DATA", "--out", "run", "--quiet", "--threads", "2",
            *network.options, *options)


def repeated(name: str, network: Network, before: tuple[tuple[str, ...], ...], *words: str
             ) -> Scenario:
    """A command that a user simply gives again."""
    return Scenario(name, network, before, words, words)


def scenarios_of(network: Network) -> list[Scenario]:
    whole = (train(network),)
    calibrated = (*whole, ("bnn-eval", LAST, "--fit-calibration", "--quiet"))
    images = ("DATA/test/class-0",) if network.name == "residual" else ("DATA/images",)
    other = ("--ood", *images, "--ood-resize")
    go_on = train(network, "--resume-or-start")
    trained_by_two = ("bnn-train-mpi", *train(network, "--resume-or-start")[1:])
    return [
        Scenario("train", network, (), train(network), go_on),
        Scenario("resume", network, (train(network, "--max-steps", "2"),),
                 train(network, "--resume"), go_on),
        Scenario("resume-or-start", network, (train(network, "--max-steps", "3"),), go_on, go_on),
        repeated("overwrite", network, (train(network, "--seed", "9"),),
                 *train(network, "--overwrite")),
        repeated("init-from", network, (("mkdir", "other"), *whole, ("mv", "run", "other")),
                 *train(network, "--init-from", f"other/{LAST}", "--overwrite")),
        repeated("find-learning-rate", network, (), "bnn-train", "--config", "DATA/config.json",
                 "--data", "DATA", "--out", "run", "--quiet", "--find-learning-rate",
                 "--max-steps", "20"),
        repeated("evaluate", network, calibrated, "bnn-eval", LAST, "--quiet", "--report",
                 "report.html", "--save-samples", "samples.npy", "--temperature", "--conformal",
                 "0.9", "--bootstrap", "50", *other),
        repeated("part", network, whole, "bnn-eval", LAST, "--quiet", "--part", "1/2", "--output",
                 "first.part"),
        repeated("calibrate", network, whole, "bnn-eval", LAST, "--quiet", "--fit-calibration"),
        repeated("features", network, whole, "bnn-eval", LAST, "--quiet", "--fit-features"),
        repeated("predict", network, calibrated, "bnn-predict", LAST, *images, "--quiet",
                 "--output", "predictions.csv", "--format", "csv", "--save-samples", "samples.npy",
                 "--temperature", "--conformal", "0.9"),
        repeated("export", network, calibrated, "bnn-export", LAST, "--quiet", "--temperature",
                 "--output", "network.onnx"),
        repeated("compare", network, whole, "bnn-compare", "run", "--quiet", "--html",
                 "runs.html"),
        Scenario("first rank", network, (), trained_by_two, go_on, rank=0),
        Scenario("second rank", network, (), trained_by_two, go_on, rank=1),
    ]


def all_scenarios() -> list[Scenario]:
    return [scenario for network in NETWORKS for scenario in scenarios_of(network)]


def data_of(part: Part, network: Network) -> Path:
    return part.folder / "data" / network.name


def command(part: Part, network: Network, words: Sequence[str]) -> list[str]:
    """With paths; other programs than ours are the system's."""
    program = part.program(words[0]) if words[0].startswith("bnn-") else words[0]
    data = str(data_of(part, network))
    return [program, *(word.replace("DATA", data) for word in words[1:])]


def traced(part: Part, scenario: Scenario, *options: str) -> list[str]:
    """The command under the tracer, if need be as one of two ranks."""
    own = command(part, scenario.network, scenario.words)
    tracer = [part.program("bnn-proof-tracer"), *options, "--", *own]
    if scenario.rank < 0:
        return tracer
    ranks = [tracer, own] if scenario.rank == 0 else [own, tracer]
    return [*mpi.LAUNCH, "1", *ranks[0], ":", "-np", "1", *ranks[1]]


def prepare(part: Part, scenario: Scenario, folder: Path) -> None:
    """The folder as it is before the command."""
    folder.mkdir(parents=True)
    for words in scenario.before:
        done = tiny.run(command(part, scenario.network, words), folder)
        if done.returncode != 0:
            raise RuntimeError(f"{scenario.title}: {' '.join(words)}: {done.stderr.decode()}")
