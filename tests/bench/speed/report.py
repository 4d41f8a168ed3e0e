"""The tables, in Markdown: ratios first, then what they are made of."""

from __future__ import annotations

from networks import KINDS, NETWORKS, SIX_CONVOLUTIONS, training_flops
from records import Records, Spread
from rounds import SGEMM, START, THREADS, memory_key, prediction_key, training_key, untuned_key

MEGABYTE = 1e6


def text_of(spread: Spread, digits: int = 2) -> str:
    """Two cells of a table: the median, and the range."""
    return f"{spread.median:.{digits}f} | {spread.low:.{digits}f} to {spread.high:.{digits}f}"


def training_rows(records: Records) -> list[str]:
    """Our flipout compared with the others."""
    rows = []
    compared = (("bnn", "deterministic", "bnn deterministic"),
                ("torch", "flipout", "PyTorch flipout"),
                ("torch", "deterministic", "PyTorch deterministic"))
    for program, kind, name in compared:
        for network in NETWORKS.values():
            for threads in THREADS:
                ratio = records.ratio(training_key("bnn", network, "flipout", threads),
                                      training_key(program, network, kind, threads))
                rows.append(f"training: bnn flipout / {name} | {network.name} | {threads} | "
                            f"{text_of(ratio)}")
    for network in NETWORKS.values():
        ratio = records.ratio(training_key("bnn", network, "flipout", 1), untuned_key(network))
        rows.append(f"training: bnn flipout / PyTorch flipout, untuned | {network.name} | 1 | "
                    f"{text_of(ratio)}")
    return rows


def thread_rows(records: Records) -> list[str]:
    """What the second thread brings."""
    one, two = THREADS
    return [f"training: bnn flipout, {two} threads / {one} thread | {network.name} | | " +
            text_of(records.ratio(training_key("bnn", network, "flipout", two),
                                  training_key("bnn", network, "flipout", one)))
            for network in NETWORKS.values()]


def flops_rows(records: Records) -> list[str]:
    """How much of the speed of a large matrix product is left in training."""
    network = SIX_CONVOLUTIONS
    return [f"training: bnn {kind}, FLOP/s by definition / sgemm's | {network.name} | 1 | " +
            text_of(records.ratio(training_key("bnn", network, kind, 1), SGEMM,
                                  training_flops(network))) for kind in KINDS]


def prediction_rows(records: Records) -> list[str]:
    """Monte Carlo prediction."""
    return [f"prediction, 32 samples: bnn / PyTorch | {network.name} | {threads} | " +
            text_of(records.ratio(prediction_key("bnn", network, threads),
                                  prediction_key("torch", network, threads)))
            for network in NETWORKS.values() for threads in THREADS]


def full_set_rows(records: Records) -> list[str]:
    """Memory and start."""
    network, threads = SIX_CONVOLUTIONS, max(THREADS)
    memory = records.ratio(memory_key("bnn"), memory_key("torch"))
    return [f"peak memory: bnn flipout / PyTorch flipout | {network.name} | {threads} | "
            f"{text_of(memory)}",
            f"seconds from start to the end of step 1 | {network.name} | {threads} | "
            f"{text_of(records.spread(START))}"]


def value_rows(records: Records) -> list[str]:
    """The medians of single runs."""
    units = {"training": (1.0, "images/s"), "prediction": (1.0, "images × samples/s"),
             "sgemm": (1e9, "GFLOP/s"), "memory": (MEGABYTE, "MB")}
    rows = []
    for key in records.values:
        if key.quantity not in units:
            continue
        divisor, unit = units[key.quantity]
        spread = records.spread(key)
        scaled = Spread(spread.median / divisor, spread.low / divisor, spread.high / divisor)
        rows.append(f"{key.quantity}, {unit} | {key.program} {key.kind} | {key.network} | "
                    f"{key.threads} | {text_of(scaled, 0)}")
    return rows


def report(records: Records, machine: str) -> str:
    """Both tables."""
    ratios = (training_rows(records) + thread_rows(records) + flops_rows(records)
              + prediction_rows(records) + full_set_rows(records))
    lines = [machine, "", "| ratio | network | threads | median | range |",
             "| --- | --- | --- | --- | --- |", *(f"| {row} |" for row in ratios), "",
             "| measured | program | network | threads | median | range |",
             "| --- | --- | --- | --- | --- | --- |",
             *(f"| {row} |" for row in value_rows(records))]
    return "\n".join(lines) + "\n"
