"""Lines over the number of hosts, as an SVG: one panel a network."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

WIDTH, HEIGHT, MARGIN, GAP = 250, 190, 46, 24
COLOURS = ("#b3401f", "#1f6fb3", "#2f8f4e")


@dataclass
class Panel:
    title: str
    lines: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # name: (hosts, ms)
    pays: dict[str, int] = field(default_factory=dict)  # the last number of hosts that pays


class Axes:
    """Both logarithmic."""

    def __init__(self, panel: Panel, left: float):
        points = [p for line in panel.lines.values() for p in line]
        self.most = max(h for h, _ in points)
        self.low = math.floor(math.log10(min(y for _, y in points)))
        self.high = math.ceil(math.log10(max(y for _, y in points)))
        self.left = left

    def x(self, hosts: float) -> float:
        return self.left + WIDTH * math.log2(hosts) / math.log2(self.most)

    def y(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return MARGIN + HEIGHT * (1 - share)


def text(x: float, y: float, words: str, anchor: str = "middle", size: int = 11,
         colour: str = "#333") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'fill="{colour}">{words}</text>')


def draw(panel: Panel, left: float) -> list[str]:
    axes, parts = Axes(panel, left), []
    parts.append(text(left + WIDTH / 2, MARGIN - 14, panel.title, size=13))
    for exponent in range(axes.low, axes.high + 1):
        y = axes.y(10 ** exponent)
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + WIDTH}" y2="{y:.1f}" '
                     'stroke="#ddd"/>')
        parts.append(text(left - 6, y + 4, f"{10 ** exponent:g}", "end"))
    for hosts in [2 ** k for k in range(0, round(math.log2(axes.most)) + 1, 2)]:
        parts.append(text(axes.x(hosts), MARGIN + HEIGHT + 16, str(hosts)))
    for colour, (name, line) in zip(COLOURS, panel.lines.items()):
        points = " ".join(f"{axes.x(h):.1f},{axes.y(y):.1f}" for h, y in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" '
                     'stroke-width="1.8"/>')
        value = dict(line)[panel.pays[name]]
        parts.append(f'<circle cx="{axes.x(panel.pays[name]):.1f}" cy="{axes.y(value):.1f}" r="4" '
                     f'fill="{colour}"/>')
    return parts


def picture(panels: list[Panel], note: str) -> str:
    left, parts = MARGIN, []
    for panel in panels:
        parts += draw(panel, left)
        left += WIDTH + MARGIN + GAP
    width, bottom = left, MARGIN + HEIGHT
    parts.append(text(width / 2, bottom + 34, "hosts of 8 threads"))
    for i, (colour, name) in enumerate(zip(COLOURS, panels[0].lines)):
        x = MARGIN + 130 * i
        parts.append(f'<line x1="{x}" y1="{bottom + 52}" x2="{x + 24}" y2="{bottom + 52}" '
                     f'stroke="{colour}" stroke-width="2"/>')
        parts.append(text(x + 30, bottom + 56, name, "start"))
    parts.append(text(MARGIN + 130 * len(COLOURS) + 20, bottom + 56, note, "start"))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {bottom + 70}" '
            'font-family="sans-serif">\n<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(parts) + "\n</svg>\n")
