"""Signals to the launcher and to a rank: a code, a checkpoint, and a run that others go on with."""

from __future__ import annotations

import os
import signal

from training import STEPS, Attack, Programs, ranks_of, seconds_to_end, tell

RANKS = 4
# What launchers end with where it is not the code of their ranks. MPICH's dies of SIGHUP and takes its ranks along.
DEADLY = ("mpich", signal.SIGHUP)
CODES = {DEADLY: -signal.SIGHUP, ("openmpi", signal.SIGTERM): 1, ("openmpi", signal.SIGINT): 1,
         ("openmpi", signal.SIGHUP): 1}


def send_signals(attack: Attack) -> None:
    for mpi in attack.mpis:
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for to_rank in (False, True):
                send(attack, mpi, number, to_rank)


def send(attack: Attack, mpi: Programs, number: signal.Signals, to_rank: bool) -> None:
    whom = "a rank" if to_rank else "the launcher"
    place = attack.place(f"{mpi.name}-{number.name}-{'rank' if to_rank else 'launcher'}", 3000)
    run = place.start(mpi, RANKS, "run", STEPS)
    place.wait_for_lines(run, "run", 6)
    receiver = attack.random.choice(list(ranks_of(run.pid).values())) if to_rank else run.pid
    os.kill(receiver, number)
    text = run.communicate(timeout=60)[0]
    seconds_to_end(place.folder)
    expected = 128 + number if to_rank else CODES.get((mpi.name, number), 128 + number)
    assert run.returncode == expected, f"{number.name} to {whom}: {run.returncode}: {text}"
    is_deadly = not to_rank and (mpi.name, number) == DEADLY
    if not is_deadly:
        assert text.count("stopped by a signal; --resume continues") == 1, text
    step = 12 if is_deadly else place.step("run")
    ranks = attack.other_ranks(RANKS)
    words = ["--max-steps", str(step + 5)]
    place.alone(mpi, "whole", [*STEPS, *words])
    place.go_on(attack.random.choice(attack.mpis), ranks, "run", ["--resume-or-start", *STEPS, *words])
    assert place.result("run") == place.result("whole"), f"{number.name} to {whom}: other bits"
    saved = "no checkpoint" if is_deadly else f"a checkpoint after step {step}"
    tell(f"signals: {mpi.name}: {number.name} to {whom}: code {run.returncode}, {saved}, and "
         f"{ranks} rank{'s' if ranks > 1 else ''} went on with the bits of one process")
