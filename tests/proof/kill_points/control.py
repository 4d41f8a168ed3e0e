"""A program whose kills must be found: it writes in place."""

from __future__ import annotations

from pathlib import Path

from attacked.networks import Network
from attacked.scenarios import Scenario


def write_old_result(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "result.json").write_text('{"value": 1}')


WORDS = ("/usr/bin/python3", str(Path(__file__).with_name("in_place_writer.py")))
CONTROL = Scenario("write in place", Network("control", write_old_result),
                   (("cp", "DATA/result.json", "."),), WORDS, (*WORDS, "--again"))
