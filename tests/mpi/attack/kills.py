"""SIGKILL of a random rank at a random time. Other numbers of ranks, of either MPI, go on."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from training import RANKS, Attack, Workplace, ranks_of, seconds_to_end, tell

LONGEST = 20  # seconds until all have ended


@dataclass
class Kills:
    """What happened."""

    killed: int = 0
    between_steps: int = 0  # of these, after the first step that this start made
    slowest: float = 0


def kill_ranks(attack: Attack) -> None:
    place, kills, finished, ranks = attack.place("kills", 300), Kills(), 0, 1
    place.alone(attack.mpis[0], "whole", [])
    expected = place.result("whole")
    while kills.killed < attack.kills:
        out = f"run{finished}"
        for _ in range(attack.random.randint(1, 10)):
            ranks = attack.random.choice([other for other in RANKS[1:] if other != ranks])
            if kills.killed == attack.kills or not kill_one(attack, place, ranks, out, kills):
                break
        ranks = attack.other_ranks(ranks)
        place.go_on(attack.random.choice(attack.mpis), ranks, out, ["--resume-or-start"])
        assert place.result(out) == expected, f"{out}: other bits than those of one process"
        finished += 1
    tell(f"kills: {kills.killed} SIGKILLs of a rank, {kills.between_steps} of them during steps: all ranks had "
         f"ended after {kills.slowest:.1f} seconds at most")
    tell(f"kills: the {finished} runs, which other numbers of ranks and bnn-train went on with, have "
         "the bits of a run that nothing disturbed")


def kill_one(attack: Attack, place: Workplace, ranks: int, out: str, kills: Kills) -> bool:
    """False if the run was done before."""
    lines = place.lines(out)
    run = place.start(attack.random.choice(attack.mpis), ranks, out, ["--resume-or-start"])
    time.sleep(attack.random.uniform(0.2, 4))
    processes = list(ranks_of(run.pid).values())
    if not processes or run.poll() is not None:
        text = run.communicate(timeout=300)[0]
        assert run.returncode == 0, text
        return False
    os.kill(attack.random.choice(processes), signal.SIGKILL)
    begin = time.monotonic()
    text = run.communicate(timeout=LONGEST)[0]
    seconds_to_end(place.folder, LONGEST)
    assert run.returncode != 0, text
    kills.killed += 1
    kills.between_steps += place.lines(out) > lines + 1
    kills.slowest = max(kills.slowest, time.monotonic() - begin)
    return True
