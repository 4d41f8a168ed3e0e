"""A rank that is stopped (SIGSTOP), for less than the limit and for ever."""

from __future__ import annotations

import os
import re
import signal
import time

from training import STEPS, Attack, Programs, Workplace, ranks_of, seconds_to_end, tell

RANKS = 4
LATER = 0.3  # seconds from the end of an epoch, after which steps are made again
EXAMPLES = 24000  # many steps between what is waited for without a limit: validating and saving


def stall(attack: Attack) -> None:
    for mpi in attack.mpis:
        place = attack.place(f"stall-{mpi.name}", 8, EXAMPLES)
        sleep_a_while(attack, mpi, place)
        for rank in (0, attack.random.randrange(1, RANKS)):
            hang(mpi, place, rank)
        hang_while_saving(attack, mpi)


def sleep_a_while(attack: Attack, mpi: Programs, place: Workplace) -> None:
    place.alone(mpi, "whole", STEPS)
    run = place.start(mpi, RANKS, "run", [*STEPS, "--stall-limit", "30"])
    place.wait_for_lines(run, "run", 2)
    time.sleep(LATER)
    rank = attack.random.randrange(RANKS)
    process = ranks_of(run.pid)[rank]
    os.kill(process, signal.SIGSTOP)
    time.sleep(18)
    os.kill(process, signal.SIGCONT)
    text = run.communicate(timeout=300)[0]
    assert run.returncode == 0 and place.result("run") == place.result("whole"), text
    assert missing_ranks("warning: a step waits", text) == [str(rank)], text
    tell(f"stalls: {mpi.name}: rank {rank} slept for 18 of 30 seconds: a warning named it, and the run went on "
         "with the same bits")


def hang(mpi: Programs, place: Workplace, rank: int) -> None:
    run = place.start(mpi, RANKS, f"hung{rank}", [*STEPS, "--stall-limit", "4"])
    place.wait_for_lines(run, f"hung{rank}", 2)
    time.sleep(LATER)
    os.kill(ranks_of(run.pid)[rank], signal.SIGSTOP)
    begin = time.monotonic()
    text = run.communicate(timeout=60)[0]
    seconds_to_end(place.folder)
    assert run.returncode == 70, f"{run.returncode}: {text}"
    for message in ("warning: a step waits", "error: a step waited"):
        assert missing_ranks(message, text) == [str(rank)], text
    tell(f"stalls: {mpi.name}: rank {rank} hung: a warning and an error named it, and all had ended with "
         f"code 70 after {time.monotonic() - begin:.1f} seconds, with a limit of 4")


def hang_while_saving(attack: Attack, mpi: Programs) -> None:
    """A short run saves and validates most of the time. Whether a rank hangs just then is left to chance."""
    place, found = attack.place(f"saves-{mpi.name}", 20000), []
    for i in range(4):
        rank = attack.random.randrange(RANKS)
        run = place.start(mpi, RANKS, f"hung{i}", ["--stall-limit", "2"])
        place.wait_for_lines(run, f"hung{i}", 6)
        os.kill(ranks_of(run.pid)[rank], signal.SIGSTOP)
        text = run.communicate(timeout=60)[0]
        seconds_to_end(place.folder)
        assert run.returncode == 70, f"{run.returncode}: {text}"
        found += re.findall("error: (.*) waited for ", text)
        assert missing_ranks("error: ", text) == [str(rank)], f"rank {rank}: {text}"
    tell(f"stalls: {mpi.name}: of 4 ranks that hung, {found.count('a step')} did so in a step, the others while a "
         "checkpoint was saved or validated: all were named, and all ended with code 70")


def missing_ranks(message: str, text: str) -> list[str]:
    """That all messages of a kind name, together."""
    lines = re.findall(f"^bnn-train-mpi: {message}.*no sign of: (.*)$", text, re.MULTILINE)
    return [rank for line in lines for rank in re.findall(r"rank (\d+) of", line)]
