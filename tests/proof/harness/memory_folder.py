"""A folder in memory, for proofs of thousands of runs that each wait for the disk many times."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_MEMORY = Path("/dev/shm")


@contextmanager
def memory_folder(folder: Path, megabytes: int = 64) -> Iterator[Path]:
    """A folder that every user may enter; in `folder` where memory has no room for it."""
    has_room = os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > megabytes << 20
    made = Path(tempfile.mkdtemp(prefix="bnn-proof-", dir=IN_MEMORY if has_room else folder))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
