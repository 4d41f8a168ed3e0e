"""Space: a full disk, no more names on it, devices that take nothing, a limit of the size of files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from limits.limit import FAILS_TIDILY, HERE, REFUSED, WORKS, Case, Limit, cases
from limits.tasks import TASKS, TWO_PROCESSES, Places, tasks_named

PAGE = 4096
REFUSALS = {2, 3, 5}  # usage, config, checkpoint
NAMESPACE = ("unshare", "-m") if os.geteuid() == 0 else ("unshare", "-rm")


def can_mount() -> bool:
    script = "mount -t tmpfs tmpfs /mnt"
    return subprocess.run([*NAMESPACE, "sh", "-c", script], capture_output=True,
                          check=False).returncode == 0


def disk(free: int, files: int, freed_after: str = "0") -> tuple[str, ...]:
    return (*NAMESPACE, "sh", str(HERE / "disk.sh"), "{work}", str(free), str(files), freed_after)


def full_disk(checkpoint: int) -> list[Case]:
    """Free space from nothing to more than a run needs, and no more names."""
    pages = range(0, 2 * checkpoint // PAGE + 2)
    limits = [Limit(f"{4 * free} KiB free", disk(free * PAGE, 1000)) for free in pages]
    limits += [Limit(f"names for {files} more files", disk(1 << 20, 1 + files)) for files in range(10)]
    # Ranks in namespaces of their own would each have a disk of their own.
    together = [replace(limit, is_of_launcher=True) for limit in limits[::4]]
    return cases("full disk", TASKS, limits) + cases("full disk", [TWO_PROCESSES], together)


def freed_disk() -> list[Case]:
    """Space comes back while a training of a second waits for it."""
    limits = [Limit(f"space after {20 * i} ms", disk(8192, 1000, f"0.{2 * i:02}")) for i in range(1, 21)]
    return cases("freed disk", tasks_named("train", "resume", "tensorboard"), limits)


def put_back(link: Path, before: bytes | None) -> None:
    link.unlink()
    if before is not None:
        link.write_bytes(before)


def link_to_full(name: str) -> Callable[[Places], Callable[[], None]]:
    """Where the program will write, a link to a device that is always full."""

    def prepare(places: Places) -> Callable[[], None]:
        link = places.work / name
        link.parent.mkdir(parents=True, exist_ok=True)
        before = link.read_bytes() if link.exists() else None
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/full")
        return lambda: put_back(link, before) if link.is_symlink() else None

    return prepare


def full_device() -> list[Case]:
    """Each file of each program. A device must neither be written to nor replaced."""
    found = []
    for task in TASKS:
        for name in task.writes + task.keeps:
            codes = WORKS if name in task.keeps else REFUSED
            found.append(Case("full device", task, Limit(f"{name} is /dev/full", codes=codes,
                                                         prepare=link_to_full(name))))
    for name in ("checkpoints/last.safetensors", "checkpoints/best.safetensors", "metrics.jsonl",
                 "train.log", "config.json"):
        # A training may refuse the folder for what is there.
        limit = Limit(f"{name} is /dev/full", codes=FAILS_TIDILY | REFUSALS, prepare=link_to_full(f"run/{name}"))
        found += cases("full device", tasks_named("resume", "overwrite", "train"), [limit])
    return found


def file_size(checkpoint: int) -> list[Case]:
    limits = [Limit(f"files of at most {size // 1024} KiB", ("prlimit", f"--fsize={size}"))
              for size in range(0, 2 * checkpoint + PAGE, PAGE)]
    return cases("file size", [*TASKS], limits) + cases("file size", [TWO_PROCESSES], limits[::4])
