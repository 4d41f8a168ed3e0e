"""Programs that save in wrong ways, and what the proof must find of each."""

from __future__ import annotations

from pathlib import Path

from attacked.networks import Network
from attacked.scenarios import Scenario, data_of
from harness.proof import Part
from power_loss.cut_run import record, survey

CARELESS = str(Path(__file__).with_name("careless_saver.py"))
CONTROLS = (("in-place", "torn"), ("file-not-synced", "torn"),
            ("folder-not-synced", "lost after the end"),
            ("removed-first", "lost while the program runs"),
            ("synced-at-the-end", "lost while the program runs"))


def write_old_result(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "result.json").write_text('{"value": 0}')


def check_controls(part: Part) -> list[str]:
    """The proof itself works if it finds each wrong way to save."""
    missed = []
    for way, expected in CONTROLS:
        network = Network(way, write_old_result)
        network.write(data_of(part, network))
        words = ("/usr/bin/python3", CARELESS, way)
        run = record(part, Scenario("control", network, (("cp", "DATA/result.json", "."),), words, words))
        if not any(expected in what for what in survey(run).wrong):
            missed.append(f"the control, a program that saves {way}, was not found out")
    return missed
