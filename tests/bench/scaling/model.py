"""A model of a step on several hosts, from measured arithmetic and the formulas of the exchange.

    seconds = (shards of a host / its threads, rounded up) * seconds of a shard
              + 2 n (P - 1) / P bytes / bandwidth + messages in a row * latency

n bytes of gradient, P hosts with one process each. The seconds of a shard are those of one thread of
the machine that measured. Latencies and bandwidths are assumptions. What threads of a host take from
each other (memory, caches) is not in the model, nor is a network that others use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HOSTS = tuple(2 ** k for k in range(9))
THREADS = 8  # of a host
SHARD_EXAMPLES = 16


@dataclass(frozen=True)
class Link:
    name: str
    bytes_per_second: float
    latency: float


LINKS = (Link("1 Gbit/s", 1e9 / 8, 50e-6), Link("10 Gbit/s", 1e10 / 8, 50e-6),
         Link("100 Gbit/s", 1e11 / 8, 2e-6))
BATCHES = (128, 2048, 8192)


def sent_bytes(gradient: float, processes: int) -> float:
    """What a process sends in a step: sums of the gradient, and parameters."""
    return 2 * gradient * (processes - 1) / processes


def messages(processes: int) -> int:
    """In a row: the report of the shards, sums, terms of the chunks, parameters."""
    return 4 * round(math.log2(processes))


def step_seconds(shard: float, gradient: float, batch: int, hosts: int, link: Link) -> float:
    shards = batch // SHARD_EXAMPLES
    rounds = math.ceil(shards / hosts / THREADS)
    if hosts == 1:
        return rounds * shard
    return (rounds * shard + sent_bytes(gradient, hosts) / link.bytes_per_second
            + messages(hosts) * link.latency)


def hosts_that_pay(shard: float, gradient: float, batch: int, link: Link) -> int:
    """The number of hosts up to which twice as many make a step shorter."""
    hosts = 1
    while (2 * hosts <= min(HOSTS[-1], batch // SHARD_EXAMPLES) and
           step_seconds(shard, gradient, batch, 2 * hosts, link)
           < step_seconds(shard, gradient, batch, hosts, link)):
        hosts *= 2
    return hosts
