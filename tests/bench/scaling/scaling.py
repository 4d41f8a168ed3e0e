"""Measures, models, and renews the tables and the picture of tests/bench/README.md."""

from __future__ import annotations

import argparse
import csv
import os
import sys
from pathlib import Path

from measure import NETWORKS, RANKS, Machine, measure
from model import BATCHES, HOSTS, LINKS, SHARD_EXAMPLES, hosts_that_pay, sent_bytes, step_seconds
from picture import Panel, picture

BENCH = Path("tests/bench")
sys.path.append(str(BENCH / "deep"))
from machine import commit, processor  # noqa: E402
CSV = BENCH / "scaling" / "measured.csv"
BEGIN, END = "<!-- scaling: begin; made by tests/bench/scaling.sh -->", "<!-- scaling: end -->"
DRAWN_BATCH = 2048

Row = dict[str, str]


def write_csv(rows: list[dict[str, object]]) -> None:
    for row in rows:
        row |= {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "commit": commit()}
    with CSV.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_csv() -> list[Row]:
    with CSV.open(newline="") as file:
        return list(csv.DictReader(file))


def find(rows: list[Row], network: str, kind: str, ranks: int) -> Row:
    return next(r for r in rows if r["network"] == network and r["kind"] == kind
                and int(r["ranks"]) == ranks)


def table(head: list[str], lines: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |"
                     for cells in [head, ["---"] * len(head), *lines])


def measured_table(rows: list[Row]) -> str:
    """Milliseconds of a step, and the speed over one rank."""
    lines = []
    for network in NETWORKS:
        for kind in ("strong", "weak"):
            own = [find(rows, network.name, kind, ranks) for ranks in RANKS]
            rates = [int(r["batch"]) / float(r["seconds_per_step"]) for r in own]
            lines.append([network.name, kind] +
                         [f"{1000 * float(r['seconds_per_step']):.1f} ({rate / rates[0]:.2f})"
                          for r, rate in zip(own, rates)])
    return table(["", "", *[f"{n} {'rank' if n == 1 else 'ranks'}" for n in RANKS]], lines)


def traffic_table(rows: list[Row]) -> str:
    """What the first rank sends, beside the formula."""
    lines = []
    for network in NETWORKS:
        for ranks in RANKS[1:]:
            row = find(rows, network.name, "strong", ranks)
            formula = sent_bytes(4 * int(row["gradient_floats"]), ranks)
            lines.append([network.name, str(ranks), f"{int(row['bytes_per_step']):,}",
                          f"{formula:,.0f}", f"{int(row['bytes_per_step']) / formula:.3f}",
                          f"{float(row['messages_per_step']):.0f}"])
    return table(["", "ranks", "bytes a step", "2 n (P − 1) / P", "ratio", "messages"], lines)


def shard_seconds(rows: list[Row], network: str) -> float:
    row = find(rows, network, "strong", 1)
    return float(row["seconds_per_step"]) / int(row["shards"])


def model_table(rows: list[Row]) -> str:
    """Up to how many hosts another pays, and how much faster they are than one."""
    lines = []
    for network in NETWORKS:
        shard = shard_seconds(rows, network.name)
        gradient = 4 * int(find(rows, network.name, "strong", 1)["gradient_floats"])
        for batch in BATCHES:
            cells = []
            for link in LINKS:
                hosts = hosts_that_pay(shard, gradient, batch, link)
                gain = (step_seconds(shard, gradient, batch, 1, link)
                        / step_seconds(shard, gradient, batch, hosts, link))
                cells.append(f"{hosts} ({gain:.1f})")
            lines.append([network.name, f"{batch} / {batch // SHARD_EXAMPLES}", *cells])
    return table(["", "batch / shards", *[link.name for link in LINKS]], lines)


def model_picture(rows: list[Row]) -> str:
    panels = []
    for network in NETWORKS:
        shard = shard_seconds(rows, network.name)
        gradient = 4 * int(find(rows, network.name, "strong", 1)["gradient_floats"])
        panel = Panel(f"{network.name}: ms a step of {DRAWN_BATCH}")
        for link in LINKS:
            panel.lines[link.name] = [
                (hosts, 1000 * step_seconds(shard, gradient, DRAWN_BATCH, hosts, link))
                for hosts in HOSTS if hosts <= DRAWN_BATCH // SHARD_EXAMPLES]
            panel.pays[link.name] = hosts_that_pay(shard, gradient, DRAWN_BATCH, link)
        panels.append(panel)
    return picture(panels, "dot: the last host that pays. A model, not a measurement.")


def section(rows: list[Row]) -> str:
    first = rows[0]
    return f"""
Milliseconds of a step on one machine with {first['cores']} cores ({first['processor']}), one thread a
rank, medians of alternating rounds; in brackets the images a second over those of one rank. Strong: a
batch of 128 in 8 shards. Weak: 32 images in 2 shards for each rank. No more ranks than cores can be
busy at a time, so 4 and 8 ranks show what the exchange and the work that every rank repeats cost.

{measured_table(rows)}

What the first rank sends in a step, counted by the program (`--verbose`). n is the gradient in bytes. What
exceeds the formula are the sums of KL and penalties, 40 bytes for 8192 weights, and the report of the
shards. Where the gradient is small, it is added up whole.

{traffic_table(rows)}

**A model** of several hosts with 8 threads each, from the measured time of a shard, these formulas, and
assumed latencies (50 µs at 1 and 10 Gbit/s, 2 µs at 100 Gbit/s). It knows nothing of threads that wait
for the same memory, and nothing of a network that others use. The number is that of the hosts up to
which twice as many still make a step shorter; in brackets how many times shorter than on one host.

{model_table(rows)}

![Modelled time of a step over the number of hosts](scaling.svg)
"""


def renew(rows: list[Row]) -> None:
    (BENCH / "scaling.svg").write_text(model_picture(rows))
    page = BENCH / "README.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + "\n" + section(rows) + "\n" + END + rest.split(END)[1])


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("cifar")
    parser.add_argument("out", nargs="?", type=Path, default=Path("build/bench/scaling"))
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model-only", action="store_true")
    options = parser.parse_args()
    if not options.model_only:
        options.out.mkdir(parents=True, exist_ok=True)
        write_csv(measure(Machine(options.build, options.out, options.cifar), options.rounds))
    renew(read_csv())


main()
