"""Renews the part of the README between its marks, and the pictures."""

from __future__ import annotations

import os
from pathlib import Path

from pictures import pictures
from results import read_rows
from tables import all_tables

BEGIN = "<!-- deep: begin; made by tests/bench/deep.sh -->"
END = "<!-- deep: end -->"
ALT = {"deep_resnet20.svg": "Accuracy, NLL and ECE of ResNet-20, beside published figures",
       "deep_lenet5.svg": "Accuracy, NLL and ECE of LeNet-5, beside published figures",
       "deep_comparison.svg": "Held-out and test NLL and time of the compared runs"}


def write(csv: Path, folder: Path) -> None:
    """Writes FOLDER's pictures and the part of its README.md, or, without marks, deep.md."""
    rows = read_rows(csv)
    drawn = pictures(rows)
    for name, content in drawn.items():
        (folder / name).write_text(content, encoding="utf-8")
    images = [f"![{ALT[name]}]({name})" for name in drawn]
    part = "\n\n".join([*images, *all_tables(rows)])
    readme = folder / "README.md"
    page = readme.read_text(encoding="utf-8") if readme.exists() else ""
    if BEGIN not in page or END not in page:
        (folder / "deep.md").write_text(part + "\n", encoding="utf-8")
        return
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    middle = f"\n{part}\n\n" if part else ""
    temporary = readme.with_suffix(".tmp")
    temporary.write_text(f"{before}{BEGIN}\n{middle}{END}{after}", encoding="utf-8")
    os.replace(temporary, readme)
