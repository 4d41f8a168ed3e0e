"""Compares training with PyTorch and TensorFlow from PyPI, in rounds that alternate.

A probe of each variant of a peer (layouts, compilers) finds its fastest one for each network; the
rounds then run that one. Every run is a process of its own. Rates are images a second: of our
second epoch, data and all; of the peers' median step, on images in memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "speed"))
from networks import KINDS, Network  # noqa: E402
from peer_networks import PEER_NETWORKS  # noqa: E402
from process import run  # noqa: E402
from torch_setup import KEEP_MEMORY  # noqa: E402
from programs import Programs  # noqa: E402

SECONDS = 2.0  # of one run of a peer, beyond its start


@dataclass(frozen=True)
class Variant:
    """One way to run a peer. Threads wait as they do by default: on small networks PyTorch is faster
    when they spin than when they sleep."""

    script: str
    name: str
    keeps_memory: bool = False


TORCH = [Variant("torch_peer.py", name) for name in ("contiguous", "channels_last", "compile")]
TUNED = [Variant(variant.script, variant.name, True) for variant in TORCH]
TENSORFLOW = [Variant("tensorflow_peer.py", name) for name in ("graph", "xla")]
PEERS = {"PyTorch": TORCH, "PyTorch, memory kept": TUNED, "TensorFlow": TENSORFLOW}


@dataclass(frozen=True)
class Sides:
    """Where things are."""

    builds: dict[str, Programs]  # our programs, by the name of their build
    python: Path                 # of the peers' virtual environment

    def peer(self, variant: Variant, network: Network, kind: str, threads: int) -> float:
        """Images a second of a peer; 0 if this variant cannot run the network."""
        environment = {"OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": "",
                       **(KEEP_MEMORY if variant.keeps_memory else {})}
        command = [str(self.python), str(Path(__file__).parent / variant.script), network.name,
                   kind, variant.name, "--threads", str(threads), "--seconds", str(SECONDS)]
        try:
            return float(run(command, environment).output.split()[-1])
        except SystemExit as failed:
            print(str(failed)[:500], file=sys.stderr)
            return 0.0


def choose(sides: Sides, networks: list[Network], threads: list[int]) -> dict:
    """The fastest variant of each peer for each network, kind and number of threads."""
    fastest = {}
    for network in networks:
        for count in threads:
            for kind in KINDS:
                for peer, variants in PEERS.items():
                    rates = {variant: sides.peer(variant, network, kind, count)
                             for variant in variants}
                    best = max(rates, key=rates.__getitem__)
                    fastest[network.name, count, kind, peer] = best
                    print(network.name, count, kind, peer,
                          {v.name: round(rate) for v, rate in rates.items()}, flush=True)
    return fastest


def measure(sides: Sides, networks: list[Network], threads: list[int], fastest: dict,
            rounds: int) -> dict:
    """The rates of all rounds."""
    rates: dict = {}
    for _ in range(rounds):
        for network in networks:
            for count in threads:
                for kind in KINDS:
                    for build, programs in sides.builds.items():
                        rates.setdefault((network.name, count, kind, build), []).append(
                            programs.bnn_rate(network, kind, count))
                    for peer in PEERS:
                        variant = fastest[network.name, count, kind, peer]
                        rates.setdefault((network.name, count, kind, peer), []).append(
                            sides.peer(variant, network, kind, count))
    return rates


def table(rates: dict, builds: list[str], fastest: dict) -> str:
    """Medians, and in brackets our flipout over each."""
    ours = builds[0]
    columns = [(kind, program) for program in [*builds, *PEERS] for kind in KINDS]
    lines = ["| network, threads | " + " | ".join(f"{program}, {kind}" for kind, program in columns)
             + " |", "| --- |" + " --- |" * len(columns)]
    for name, count in dict.fromkeys((name, count) for name, count, _, _ in rates):
        base = statistics.median(rates[name, count, "flipout", ours])
        cells = []
        for kind, program in columns:
            rate = statistics.median(rates[name, count, kind, program])
            variant = fastest.get((name, count, kind, program))
            how = f", {variant.name}" if variant else ""
            cells.append(f"{rate:.0f} ({base / rate:.2f}{how})" if rate else "–")
        lines.append(f"| {name}, {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line, measures and writes peers.md and peers.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--build", action="append", required=True, metavar="NAME=FOLDER")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--networks", nargs="+", choices=PEER_NETWORKS, default=[*PEER_NETWORKS])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    builds = {name: Programs(Path(folder), options.out)
              for name, folder in (text.split("=") for text in options.build)}
    sides = Sides(builds, options.python)
    networks = [PEER_NETWORKS[name] for name in options.networks]
    fastest = choose(sides, networks, options.threads)
    rates = measure(sides, networks, options.threads, fastest, options.rounds)
    records = [{"network": network, "threads": threads, "kind": kind, "program": program,
                "rates": values} for (network, threads, kind, program), values in rates.items()]
    (options.out / "peers.json").write_text(json.dumps(records, indent=1))
    text = table(rates, list(builds), fastest)
    (options.out / "peers.md").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
