"""Memory: address space, stack, and the number of threads that may be started."""

from __future__ import annotations

import os
import subprocess

from limits.limit import FAILS_TIDILY, WORKS, Case, Limit, cases
from limits.tasks import BY_OPENBLAS, TASKS, TWO_PROCESSES, with_threads

MB = 1_000_000
SEGMENTATION_FAULT = -11
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
THREADS = (1, 2, 8)
MUST_WORK = 1000  # MB of address space for eight threads


def is_too_small(program: str, megabytes: int) -> bool:
    words = ["prlimit", f"--as={megabytes * MB}", program, "--version"]
    return subprocess.run(words, capture_output=True, check=False).returncode != 0


def address_space(program: str) -> list[Case]:
    """In small steps where a program just starts, in larger ones up to 2 GB."""
    sizes = [*range(4, 160, 4), *range(160, 400, 20), *range(400, 1000, 100), MUST_WORK, 1250, 1500, 2000]
    too_small = {size for size in sizes if size < 200 and is_too_small(program, size)}
    own = [Limit(f"{size} MB, {threads} thread(s)", ("prlimit", f"--as={size * MB}"),
                 ("--threads", str(threads)), codes=WORKS if size >= MUST_WORK else FAILS_TIDILY,
                 is_too_small=size in too_small)
           for size in sizes for threads in THREADS]
    # OpenBLAS itself waits for ever where it cannot map a buffer of 128 MiB for each thread.
    openblas = [Limit(f"{size} MB, {threads} thread(s)", ("prlimit", f"--as={size * MB}"),
                      ("--threads", str(threads)))
                for size in sizes if size >= 60 and size % 20 == 0 for threads in THREADS]
    alone = [Limit(f"{size} MB", ("prlimit", f"--as={size * MB}"), is_too_small=size in too_small)
             for size in sizes if size < 160]
    without = [task for task in TASKS if task.name in ("compare", "export")]
    return (cases("address space", with_threads(), own)
            + cases("address space", without, alone)
            + cases("address space", BY_OPENBLAS, openblas)
            + cases("address space", [TWO_PROCESSES], [limit for limit in alone[4::6]]))


def stack() -> list[Case]:
    """The system gives new threads this much as well; below 128 KiB the C library needs more itself."""
    limits = []
    for kilobytes in (16, 32, 64, 96, 128, 192, 256, 512, 1024, 4096, 65536, 1 << 20):
        codes = WORKS if kilobytes >= 128 else FAILS_TIDILY | {SEGMENTATION_FAULT}
        limits.append(Limit(f"{kilobytes} KiB", ("prlimit", f"--stack={kilobytes * 1024}"), codes=codes,
                            is_seen=kilobytes >= 128))
    limits.append(Limit("unlimited", ("prlimit", "--stack=unlimited"), codes=WORKS))
    return cases("stack", TASKS, limits)


def threads() -> list[Case]:
    """Processes and threads of a user; root has no such limit, so another user runs the program."""
    user = NOBODY if os.geteuid() == 0 else ()
    limits = [Limit(f"{number} processes, {threads} thread(s)", (*user, "prlimit", f"--nproc={number}"),
                    ("--threads", str(threads)))
              for number in range(1, 13) for threads in THREADS]
    return cases("processes", with_threads(), limits)
