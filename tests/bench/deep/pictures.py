"""The pictures of the results: ours beside the published figures, and the comparison."""

from __future__ import annotations

import published
from published import Figure
from results import number
from svg import Line, Panel, picture
from tables import Rows, runs_of

METRICS = (Panel("accuracy, %", 2, 1), Panel("NLL", 3), Panel("ECE", 4))


def plain(label: str) -> str:
    """A label without Markdown."""
    return label.replace("`", "")


def network_lines(data: str, rows: Rows, figures: tuple[Figure, ...]) -> list[Line]:
    """Ours, then theirs; nothing if there is none of ours."""
    ours = []
    for run in runs_of(data, rows, False):
        accuracy, nll, ece = (number(rows[run.name], key) for key in ("accuracy", "nll", "ece"))
        if accuracy is not None:
            ours.append(Line(plain(run.label), (100 * accuracy, nll, ece)))
    theirs = [Line(f"published: {figure.name}", (figure.accuracy, figure.nll, figure.ece), False)
              for figure in figures]
    return ours + theirs if ours else []


def comparison_lines(rows: Rows) -> list[Line]:
    """Held-out NLL, test NLL, and time."""
    return [Line(plain(run.label), tuple(number(rows[run.name], key) for key in
                                         ("heldout_nll", "nll", "seconds_per_epoch")))
            for run in runs_of("cifar", rows, True) if rows[run.name]["nll"]]


def pictures(rows: Rows) -> dict[str, str]:
    """File names and contents, for the rows that exist."""
    described = "Points: filled, ours; open, figures that others published."
    wanted = {
        "deep_resnet20.svg": ("ResNet-20 on CIFAR-10", described, list(METRICS),
                              network_lines("cifar", rows, published.RESNET20)),
        "deep_lenet5.svg": ("LeNet-5 on Fashion-MNIST", described, list(METRICS),
                            network_lines("fashion", rows, published.LENET5)),
        "deep_comparison.svg": (
            "ResNet-20 on CIFAR-10, one factor at a time", "Points: one run each.",
            [Panel("held-out NLL", 3), Panel("test NLL", 3), Panel("seconds an epoch", 0)],
            comparison_lines(rows))}
    return {name: picture(*parts) for name, parts in wanted.items() if parts[-1]}
