"""Other builds of the tree than the one that a proof is given."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from harness.machine import ROOT


def build_tree(folder: Path, *options: str, targets: Sequence[str]) -> None:
    """Configures and builds in a folder, which may have an earlier build. Raises RuntimeError."""
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    for words in (["cmake", "-S", str(ROOT), "-B", str(folder), *launcher, *options],
                  ["cmake", "--build", str(folder), "-j", str(os.cpu_count()), "--target", *targets]):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words[:5])}: {(done.stderr or done.stdout)[-2000:]}")
