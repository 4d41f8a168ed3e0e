"""Stands for a program in a loop. It has one fault, the first word: memory, descriptors, time, or none."""

import os
import select
import sys
import time

fault = sys.argv[1]
kept: list[bytes] = []
rounds = 0
begin = time.monotonic()
while not select.select([sys.stdin], [], [], 0.005)[0]:
    rounds += 1
    if fault == "memory":
        kept.append(os.urandom(4096))
    if fault == "descriptors" and rounds % 20 == 0:
        os.open("/dev/null", os.O_RDONLY)
    end = time.process_time() + (0.001 + 0.0005 * (time.monotonic() - begin) * (fault == "time"))
    while time.process_time() < end:
        pass
    print(rounds, flush=True)
