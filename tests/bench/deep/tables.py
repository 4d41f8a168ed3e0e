"""The tables of the results in Markdown, for the rows that exist."""

from __future__ import annotations

from statistics import mean

import published
from published import Figure
from results import SCORES, number
from runs import RUNS, Run

Rows = dict[str, dict[str, str]]
MISSING = "–"


def table(head: list[str], lines: list[list[str]]) -> str:
    """A table, or nothing without lines."""
    if not lines:
        return ""
    return "\n".join("| " + " | ".join(cells) + " |"
                     for cells in [head, ["---"] * len(head), *lines])


def cell(value: float | None, digits: int, factor: float = 1) -> str:
    """A number, or a dash."""
    return MISSING if value is None else f"{factor * value:.{digits}f}"


def numbers(row: dict[str, str], prefix: str = "") -> list[str]:
    """Accuracy in percent, NLL and ECE."""
    return [cell(number(row, prefix + "accuracy"), 2, 100), cell(number(row, prefix + "nll"), 3),
            cell(number(row, prefix + "ece"), 4)]


def figures(figure: Figure) -> list[str]:
    """The same three of a published figure."""
    return [cell(figure.accuracy, 1), cell(figure.nll, 3), cell(figure.ece, 3)]


def runs_of(data: str, rows: Rows, is_compared: bool) -> list[Run]:
    """The runs with a row, in the order of the list."""
    return [run for run in RUNS
            if run.name in rows and run.data == data and run.is_compared == is_compared]


def mean_row(rows: list[dict[str, str]], label: str) -> list[list[str]]:
    """Means over seeds with the range in brackets, if there are two or more."""
    if len(rows) < 2:
        return []
    cells = []
    for column, digits, factor in (("accuracy", 2, 100), ("nll", 3, 1), ("ece", 4, 1),
                                   ("auroc", 3, 1)):
        values = [factor * float(row[column]) for row in rows]
        cells.append(f"{mean(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})")
    return [[f"mean of {len(rows)} seeds of {label}", *cells, *[MISSING] * 3]]


def network_table(title: str, data: str, rows: Rows, single: Figure, ensemble: Figure,
                  others: tuple[Figure, ...]) -> str:
    """Networks and ensembles, each beside the figure of its kind, then the figures alone."""
    runs = runs_of(data, rows, False)
    finished = [rows[run.name] for run in runs if not run.members and rows[run.name]["nll"]]
    lines = []
    for run in runs:
        row = rows[run.name]
        beside = ensemble if run.members else single
        lines.append([run.label, *numbers(row), cell(number(row, "auroc"), 3),
                      cell(number(row, "epochs"), 0), cell(number(row, "minutes"), 0),
                      " / ".join(figures(beside)) + f", {beside.name}"])
    lines += mean_row(finished, title)
    if runs:
        lines += [[f"published: {figure.name}", *figures(figure), *[MISSING] * 3,
                   f"{figure.source}; {figure.differs}"] for figure in others]
    return table([title, "accuracy, %", "NLL", "ECE", "AUROC", "epochs", "minutes",
                  "published figure beside it, or source and what differs"], lines)


def mean_weights_table(rows: Rows) -> str:
    """One pass with the mean weights beside the samples."""
    lines = [[run.label, *numbers(rows[run.name], "mean_weights_")]
             for data in ("cifar", "fashion") for run in runs_of(data, rows, False)
             if rows[run.name]["mean_weights_nll"]]
    return table(["mean weights, no samples", "accuracy, %", "NLL", "ECE"], lines)


def detection_table(data: str, title: str, rows: Rows) -> str:
    """AUROC of every score; the chosen one is bold. In brackets: on corrupted held-out images."""
    lines = []
    for run in runs_of(data, rows, False):
        row, cells = rows[run.name], []
        for name in SCORES:
            value = cell(number(row, f"auroc_{name}"), 3)
            if name == row["score"]:
                value = f"**{value}**"
            corrupted = number(row, f"corrupted_{name}")
            cells.append(value if corrupted is None else f"{value} ({corrupted:.3f})")
        lines.append([run.label, *cells])
    return table([title, *(name.replace("_", " ") for name in SCORES)], lines)


def comparison_table(rows: Rows) -> str:
    """One factor at a time."""
    lines = []
    for run in runs_of("cifar", rows, True):
        row = rows[run.name]
        lines.append([run.label, *numbers(row, "heldout_"), *numbers(row),
                      cell(number(row, "epochs"), 1 if run.is_torch else 0),
                      cell(number(row, "seconds_per_epoch"), 0),
                      cell(number(row, "cpu_minutes"), 0), row["note"]])
    return table(["ResNet-20, CIFAR-10, seed 0", "held out: accuracy, %", "NLL", "ECE",
                  "test: accuracy, %", "NLL", "ECE", "epochs", "seconds an epoch",
                  "processor minutes", ""], lines)


def all_tables(rows: Rows) -> list[str]:
    """Those that have rows, with the sentences that belong to them."""
    detection = detection_table("cifar", "CIFAR-10 against Fashion-MNIST, AUROC", rows)
    tables = [
        network_table("ResNet-20, CIFAR-10", "cifar", rows, published.FLIPOUT_RESNET20,
                      published.ENSEMBLE_RESNET20, published.RESNET20),
        network_table("LeNet-5, Fashion-MNIST", "fashion", rows, published.VARIATIONAL_LENET5,
                      published.ENSEMBLE_LENET5, published.LENET5),
        mean_weights_table(rows), detection, published.AUROC if detection else "",
        detection_table("fashion", "Fashion-MNIST against CIFAR-10, AUROC", rows),
        comparison_table(rows)]
    return [text for text in tables if text]
