"""Stands for a program in a loop. It has one fault, the first word: memory, descriptors, time, or none."""

import os
import select
import sys
import time

fault = sys.argv[1]
kept: list[bytes] = []
rounds = opened = 0
begin = time.monotonic()
while not select.select([sys.stdin], [], [], 0.005)[0]:
    rounds += 1
    age = time.monotonic() - begin  # so that a busy machine leaks as fast as an idle one
    while fault == "memory" and len(kept) < 100 * age:
        kept.append(os.urandom(8192))
    while fault == "descriptors" and opened < 5 * age:
        os.open("/dev/null", os.O_RDONLY)
        opened += 1
    end = time.process_time() + 0.001 + (0.002 * age if fault == "time" else 0.0)
    while time.process_time() < end:
        pass
    print(rounds, flush=True)
