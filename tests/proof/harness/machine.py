"""What the ledger says about the tree and the machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ("src", "include", "CMakeLists.txt")  # what the programs are made of
# What makes a row of the ledger; a part itself writes the last three.
PROOFS = ("tests/proof", ":!tests/proof/ledger.csv", ":!tests/proof/README.md",
          ":!tests/proof/determinism/table.md")


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True,
                          check=False).stdout.strip()


def commit() -> str:
    return git("rev-parse", "--short", "HEAD")


def source() -> str:
    """Names what the programs are made of: equal for commits that differ in tests and pages alone."""
    trees = "\n".join(git("rev-parse", f"HEAD:{path}") for path in SOURCE)
    return hashlib.sha256(trees.encode()).hexdigest()[:10]


def changed_source() -> str:
    """A file of the source or of the proofs that differs from the commit, or nothing."""
    lines = git("status", "--porcelain", "--", *SOURCE, *PROOFS).splitlines()
    return lines[0].split(maxsplit=1)[1] if lines else ""


def processor() -> str:
    """The model of the processor, with the widest vectors that matter here."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    keys = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name, flags = keys.get("model name", platform.machine()), keys.get("flags", "").split()
    return name + (", AVX-512" if "avx512f" in flags else ", AVX2" if "avx2" in flags else "")
