"""Panels of points on a common list of lines, as an SVG picture for light and dark pages."""

from __future__ import annotations

import html
from dataclasses import dataclass

WIDTH, LEFT, TOP, LINE, GAP, PANEL_TOP = 960, 300, 46, 22, 34, 24

STYLE = """
:root { color-scheme: light dark; --paper: #fffefb; --ink: #1d1c1a; --soft: #5f5b54;
  --rule: #dcd8cf; --ours: #0a5a94; --theirs: #b04300; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #16171a; --ink: #ebe8e1;
  --soft: #a9a59c; --rule: #3b3c40; --ours: #74b9ea; --theirs: #ff9e5e; } }
text { font: 11.5px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
  fill: var(--ink); font-variant-numeric: tabular-nums lining-nums; }
.paper { fill: var(--paper); } .title { font-size: 16px; font-weight: 600; }
.panel { font-size: 13px; font-weight: 600; } .value { fill: var(--soft); }
.grid { stroke: var(--rule); stroke-width: .6; }
.ours { fill: var(--ours); stroke: var(--paper); stroke-width: 1.2; }
.theirs { fill: var(--paper); stroke: var(--theirs); stroke-width: 1.6; }
"""


@dataclass(frozen=True)
class Line:
    """A line of the picture: a value for each panel, None where there is none."""

    label: str
    values: tuple[float | None, ...]
    is_ours: bool = True


@dataclass(frozen=True)
class Panel:
    """A panel, and the digits of our numbers and of those of others."""

    title: str
    digits: int
    their_digits: int = 3


def place(values: list[float], width: float) -> tuple[float, float]:
    """Offset and factor that put the values between the margins of a panel."""
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    factor = (width - 70) / span
    return 10 - factor * low, factor


def text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    """A text element."""
    return (f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
            f"{html.escape(words)}</text>")


def draw_panel(panel: Panel, column: int, x: float, width: float, lines: list[Line]) -> list[str]:
    """The points of a panel, each with its number."""
    elements = [text(x, TOP + 10, panel.title, "panel")]
    known = [line.values[column] for line in lines if line.values[column] is not None]
    if not known:
        return elements
    offset, factor = place(known, width)
    for index, line in enumerate(lines):
        value, y = line.values[column], TOP + PANEL_TOP + LINE * (index + 0.5)
        elements.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + width:.1f}" y2="{y:.1f}" '
                        'class="grid"/>')
        if value is not None:
            at = x + offset + factor * value
            kind, digits = (("ours", panel.digits) if line.is_ours else
                            ("theirs", panel.their_digits))
            elements += [f'<circle cx="{at:.1f}" cy="{y:.1f}" r="4.5" class="{kind}"/>',
                         text(at + 9, y + 4, f"{value:.{digits}f}", "value")]
    return elements


def picture(title: str, description: str, panels: list[Panel], lines: list[Line]) -> str:
    """The whole file."""
    height = TOP + PANEL_TOP + LINE * len(lines) + 14
    width = (WIDTH - LEFT - 14 - GAP * (len(panels) - 1)) / len(panels)
    elements = [f'<rect width="{WIDTH}" height="{height}" class="paper"/>',
                text(14, 26, title, "title")]
    for index, line in enumerate(lines):
        elements.append(text(LEFT - 16, TOP + PANEL_TOP + LINE * (index + 0.5) + 4, line.label,
                             "label", "end"))
    for column, panel in enumerate(panels):
        elements += draw_panel(panel, column, LEFT + column * (width + GAP), width, lines)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="title description">',
        f'<title id="title">{html.escape(title)}</title>',
        f'<desc id="description">{html.escape(description)}</desc>',
        f"<style>{STYLE}</style>", *elements, "</svg>", ""])
