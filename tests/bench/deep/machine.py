"""What a row says about where it was made."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path


def processor() -> str:
    """The model of the processor, with the widest vectors that matter here."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    keys = {key.strip(): value.strip() for key, value in values.items()}
    name, flags = keys.get("model name", platform.machine()), keys.get("flags", "").split()
    return name + (", AVX-512" if "avx512f" in flags else ", AVX2" if "avx2" in flags else "")


def commit() -> str:
    """The commit of the tree, with a + if files differ from it that may change the program."""
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!tests/bench")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
