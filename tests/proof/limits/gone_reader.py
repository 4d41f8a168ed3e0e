"""Runs a program whose standard output (1), errors (2) or both (12) is a pipe without a reader."""

import os
import signal
import sys

read_end, write_end = os.pipe()
os.close(read_end)
for number in sys.argv[1]:
    os.dup2(write_end, int(number))
os.close(write_end)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
os.execvp(sys.argv[2], sys.argv[2:])
